package io.llmagentos.model.nano;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.functions.FunctionSet;
import io.llmagentos.model.functions.FunctionSets;
import io.llmagentos.model.training.data.LabelledRequest;
import io.llmagentos.model.training.data.Requests;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.model.weights.ModelFiles;
import io.llmagentos.model.weights.Tensor;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** What makes agentos-nano of a training of {@code tools/finetune}: its rows before, its bias of none, its figures and its card afterwards. */
public final class NanoModel {
  /** The share of in-scope requests that may be turned away; chooses the bias of none on requests kept aside. */
  private static final double TURNED_AWAY = 0.015;

  private NanoModel() {}

  /** Writes the rows to train on, of the data sets in a directory. */
  public static void writeRows(Path data, Path file) throws IOException {
    Mixture.read(data).write(file);
  }

  /**
   * Rounds a trained model's weights to bfloat16, chooses its bias of none, scores it on the dev files and writes its card.
   *
   * @param data with the data sets that it was trained on
   * @return the figures
   */
  public static ObjectNode finish(Path model, Path data) throws IOException {
    round(model);
    Map<String, List<Example>> aside = Mixture.read(data).aside();
    FunctionSets plain = FunctionSets.read(model);
    ObjectNode alone = withoutNgrams(model, plain, data);
    SequencedMap<String, FunctionSet> biased = new LinkedHashMap<>(plain.sets());
    try (GreedyCalls calls = new GreedyCalls(model, 1)) {
      Evaluation evaluation = new Evaluation(plain, data);
      for (Map.Entry<String, List<Example>> set : aside.entrySet()) {
        double bias = evaluation.noneBias(calls, set.getKey(), set.getValue(), TURNED_AWAY);
        biased.put(set.getKey(), plain.set(set.getKey()).withNoneBias(bias));
      }
    }
    FunctionSets sets = new FunctionSets(biased, plain.ngramWeight());
    sets.write(model);
    try (GreedyCalls calls = new GreedyCalls(model, 1)) {
      ObjectNode figures = new Evaluation(sets, data).figures(calls);
      figures.set("without_ngrams", alone);
      Evaluation.write(figures, model);
      ModelCard.write(model, (LlamaConfig) ModelConfig.read(model), sets.ngramWeight(), figures);
      return figures;
    }
  }

  /** The figures of the transformer alone, which knows no bias of none then. */
  private static ObjectNode withoutNgrams(Path model, FunctionSets sets, Path data)
      throws IOException {
    FunctionSets alone = new FunctionSets(sets.sets(), 0);
    alone.write(model);
    try (GreedyCalls calls = new GreedyCalls(model, 1)) {
      return new Evaluation(alone, data).figures(calls);
    } finally {
      sets.write(model);
    }
  }

  /**
   * Scores a model of function tokens as it is served.
   *
   * @param rows requests with what they call, all of one of the model's sets
   * @return {@code requests}, {@code function_accuracy}, {@code exact_call}
   */
  public static ObjectNode score(Path model, Path rows) throws IOException {
    FunctionSets sets = FunctionSets.read(model);
    List<LabelledRequest> requests = Requests.read(rows.toString());
    if (requests.isEmpty() || !sets.sets().containsKey(requests.getFirst().set())) {
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID,
          rows + " has no requests of the model's sets, " + sets.sets().keySet());
    }
    List<Example> examples = requests.stream()
        .map(request -> new Example(
            request.text(),
            request.function().orElse(Example.OUT_OF_SCOPE),
            request.slots().stream()
                .map(slot -> new Example.Slot(slot.name(), slot.start(), slot.end()))
                .toList()))
        .toList();
    try (GreedyCalls calls = new GreedyCalls(model, 1)) {
      return Evaluation.figures(examples, calls, sets.set(requests.getFirst().set()));
    }
  }

  private static void round(Path model) throws IOException {
    ObjectNode config = ModelFiles.config(model).put("torch_dtype", "bfloat16");
    List<Tensor> rounded;
    try (ModelFiles files = ModelFiles.open(model)) {
      rounded = files.tensors().stream()
          .map(tensor -> Tensor.bfloat16(tensor.name(), tensor.toFloats(), 0, tensor.shape()))
          .toList();
    }
    ModelFiles.write(model, ModelConfig.read(model), config, rounded);
  }
}
