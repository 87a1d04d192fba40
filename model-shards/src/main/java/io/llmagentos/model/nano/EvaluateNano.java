package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.BytePairTokenizer;
import io.llmagentos.model.training.Decoder;
import io.llmagentos.model.training.DecoderFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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

  @Option(names = "--threads", description = "threads of libtorch")
  private int threads = 2;

  @Parameters(description = "requests to the assistant")
  private List<String> requests = List.of();

  private EvaluateNano() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new EvaluateNano()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Decoder.threads(threads);
    BytePairTokenizer tokenizer = BytePairTokenizer.read(model.resolve("tokenizer.json"));
    Map<String, FunctionSet> sets = NanoFiles.sets(model);
    Map<String, Double> biases = NanoFiles.noneBias(model);
    try (Decoder decoder = DecoderFiles.read(model)) {
      if (requests.isEmpty()) {
        ObjectNode figures = new Evaluation(decoder, tokenizer, sets, biases).figures(data);
        System.out.println(figures.toPrettyString());
        NanoFiles.put(model.resolve("figures.json"), figures);
        return 0;
      }
      FunctionSet assistant = sets.get(FunctionSet.ASSISTANT);
      if (assistant == null) {
        throw new UncheckedIOException(new IOException("no set assistant in " + model));
      }
      var calls = new GreedyCalls(
              decoder, tokenizer, assistant, biases.getOrDefault(FunctionSet.ASSISTANT, 0.0))
          .of(requests);
      for (int i = 0; i < calls.size(); i++) {
        GreedyCalls.Call call = calls.get(i);
        System.out.printf(
            "%-50s %s %s (none %+.1f)%n",
            requests.get(i), call.function(), call.arguments(), call.margin());
      }
    }
    return 0;
  }
}
