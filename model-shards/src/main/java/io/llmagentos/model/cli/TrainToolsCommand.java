package io.llmagentos.model.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.nano.NanoModel;
import io.llmagentos.node.cli.JobRun;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code agentos train tools}: agentos-nano learns a user's own tools. */
@Command(
    name = "tools",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description =
        "Teach agentos-nano tools of your own, from lines like {\"text\": \"book the attic for"
            + " friday\", \"call\": {\"name\": \"book_room\", \"arguments\": {\"room\": \"attic\","
            + " \"date\": \"friday\"}}}. Twenty requests a tool make a beginning.")
final class TrainToolsCommand implements Callable<Integer> {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "FILE",
      description = "JSON lines, a request each.")
  private Path data = Path.of("");

  @Option(
      names = "--test",
      paramLabel = "FILE",
      description = "Requests that are not learnt: how many calls of them are right.")
  private @Nullable Path test;

  @Option(names = "--model-dir", paramLabel = "DIR", description = "Where the model goes.")
  private Path model = Path.of("out", "tools");

  @Option(
      names = "--publish",
      paramLabel = "NAME",
      description = "Serve it under this name at once.")
  private @Nullable String publish;

  @Mixin
  private JobRun run = new JobRun();

  @Override
  public Integer call() throws Exception {
    ObjectNode job = TrainingTemplates.read("tools.yaml")
        .put("train_file", data.toAbsolutePath().toString())
        .put("output_dir", model.toAbsolutePath().toString());
    Path held = test;
    if (held != null) {
      job.put("validation_file", held.toAbsolutePath().toString()).put("do_eval", true);
    }
    String name = publish;
    if (name != null) {
      job.put("publish", name);
    }
    int code = run.run(job, 1);
    if (code == 0 && held != null && !run.detached()) {
      System.out.println("as served: " + NanoModel.score(model, held));
    }
    return code;
  }
}
