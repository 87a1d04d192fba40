package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.functions.FunctionSets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scores the exported model on the dev files; with requests as arguments, prints what they call. */
@Command(name = "evaluate-nano", mixinStandardHelpOptions = true)
public final class EvaluateNano implements Callable<Integer> {
  @Option(
      names = "--model",
      required = true,
      description = "the model directory; figures.json is written there")
  private Path model = Path.of(".");

  @Option(names = "--data", description = "the directory with the dev files")
  private Path data = Path.of(".");

  @Option(names = "--threads", description = "threads of the engine")
  private int threads = 1;

  @Option(
      names = "--door",
      description = "ask this OpenAI-compatible endpoint (http://HOST:PORT/v1) instead")
  private @Nullable String door;

  @Option(
      names = "--served-as",
      defaultValue = "agentos-nano",
      description = "the model's name at that door; default ${DEFAULT-VALUE}")
  private String servedAs = "";

  @Parameters(description = "requests to the assistant")
  private List<String> requests = List.of();

  private EvaluateNano() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new EvaluateNano()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    FunctionSets sets = FunctionSets.read(model);
    var evaluation = new Evaluation(sets, data);
    if (door != null) {
      try (var calls = new DoorCalls(door, servedAs)) {
        System.out.println(evaluation.figures(calls).toPrettyString());
      }
      return 0;
    }
    try (var calls = new GreedyCalls(model, threads)) {
      if (requests.isEmpty()) {
        ObjectNode figures = evaluation.figures(calls);
        System.out.println(figures.toPrettyString());
        Evaluation.write(figures, model);
      } else {
        FunctionSet assistant = sets.set(Mixture.ASSISTANT);
        List<Calls.Call> found = calls.of(assistant, requests);
        for (int i = 0; i < requests.size(); i++) {
          System.out.printf(
              "%-50s %s %s%n",
              requests.get(i), found.get(i).function(), found.get(i).arguments());
        }
      }
    }
    return 0;
  }
}
