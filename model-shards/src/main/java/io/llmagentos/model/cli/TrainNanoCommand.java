package io.llmagentos.model.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.nano.NanoModel;
import io.llmagentos.node.cli.JobRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code agentos train nano}: the model that comes with the project, from nothing. */
@Command(
    name = "nano",
    mixinStandardHelpOptions = true,
    showDefaultValues = true,
    description = "Train agentos-nano as it is shipped, score it and write its card.")
final class TrainNanoCommand implements Callable<Integer> {
  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Where hwu64-train.jsonl, hwu64-dev.jsonl and so on are.")
  private Path data = Path.of("");

  @Option(names = "--model-dir", paramLabel = "DIR", description = "Where the model goes.")
  private Path model = Path.of("out", "agentos-nano");

  @Mixin
  private JobRun run = new JobRun();

  @Override
  public Integer call() throws Exception {
    Path rows = model.toAbsolutePath().resolveSibling(model.getFileName() + "-rows.jsonl");
    Files.createDirectories(rows.getParent());
    NanoModel.writeRows(data, rows);
    ObjectNode job = TrainingTemplates.read("nano.yaml")
        .put("train_file", rows.toString())
        .put("output_dir", model.toAbsolutePath().toString());
    int code = run.run(job, 1);
    if (code == 0 && !run.detached()) {
      System.out.println(NanoModel.finish(model, data).toPrettyString());
    }
    return code;
  }
}
