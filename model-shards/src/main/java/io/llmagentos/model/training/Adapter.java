package io.llmagentos.model.training;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.Program.Objective;
import io.llmagentos.model.weights.Parameter;
import io.llmagentos.model.weights.T5Config;
import io.llmagentos.model.weights.TransformerConfig;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import io.llmagentos.node.settings.Settings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A low-rank adapter (Hu et al. 2021) of a model: to W x of some linear layers it adds alpha / r times B A x. A [r][in] and B [out][r] are learnt instead of the
 * model's weights; B begins as zeros. What PEFT saves whole, as the head of a classifier, is learnt too.
 */
final class Adapter {
  /** What PEFT's files put before the names of a model's parameters. */
  static final String PREFIX = "base_model.model.";

  private static final String WEIGHT = ".weight";
  private static final String DOWN = ".lora_A.weight";
  private static final String UP = ".lora_B.weight";
  private static final List<String> CLASSIFIER = List.of("classifier", "pooler");

  private final TransformerConfig model;
  private final LoraConfig lora;
  private final Objective objective;
  /** By their weights: whether these are [in][out]. */
  private final Map<String, Boolean> targets = new LinkedHashMap<>();

  private final Set<String> targetModules;
  private final Set<String> modulesToSave;
  private final FlatLayout layout;

  /** @throws AgentOsException {@code SETTINGS_INVALID} when the model lacks a module */
  Adapter(TransformerConfig model, LoraConfig lora) {
    this.model = model;
    this.lora = lora;
    Program program = Program.of(model);
    this.objective = program.objective();
    modulesToSave = new LinkedHashSet<>(lora.modulesToSave());
    modulesToSave.addAll(objective == Objective.ROW ? CLASSIFIER : List.of());
    List<Parameter> whole =
        model.parameters().stream().filter(p -> isWhole(p.name())).toList();
    Set<String> modules = new LinkedHashSet<>();
    model.parameters().forEach(p -> modules.addAll(around(p.name())));
    modulesToSave.forEach(end -> require("modules_to_save", end, modules));
    Map<String, Boolean> linears = linears(model, program);
    findTargets(linears);
    targetModules = shortNames(linears.keySet());
    List<Parameter> learnt = new ArrayList<>();
    targets.forEach((weight, transposed) -> addPair(learnt, weight, transposed));
    learnt.addAll(whole);
    List<Parameter> frozen = new ArrayList<>(model.parameters());
    frozen.removeIf(p -> isWhole(p.name()));
    layout = new FlatLayout(learnt, frozen);
  }

  // ---- which modules

  /** What the program multiplies by linear layers, but for the output. */
  private static Map<String, Boolean> linears(TransformerConfig model, Program program) {
    var graph = new Graph(new FlatLayout(model.parameters()), EngineSettings.FLOAT32, false);
    program.head(graph, graph.rows(program.body(graph)));
    return graph.linears();
  }

  private void findTargets(Map<String, Boolean> linears) {
    Collection<String> ends = lora.targetModules().isEmpty() ? ofFamily() : lora.targetModules();
    List<String> modules = linears.keySet().stream().map(Adapter::module).toList();
    for (String end : ends) {
      if (!end.equals(LoraConfig.ALL_LINEAR)) {
        require("target_modules", end, modules);
      }
    }
    linears.forEach((weight, transposed) -> {
      boolean wanted = ends.contains(LoraConfig.ALL_LINEAR)
          || ends.stream().anyMatch(end -> matches(module(weight), end));
      if (wanted && !isWhole(weight)) {
        targets.put(weight, transposed);
      }
    });
  }

  /** PEFT's defaults. */
  private List<String> ofFamily() {
    return switch (model.modelType()) {
      case "gpt2" -> List.of("c_attn");
      case "bert" -> List.of("query", "value");
      case "t5" -> List.of("q", "v");
      default -> List.of("q_proj", "v_proj");
    };
  }

  private static void require(String key, String end, Collection<String> modules) {
    if (modules.stream().noneMatch(module -> matches(module, end))) {
      List<String> names = modules.stream()
          .map(Adapter::last)
          .filter(name -> !name.matches("\\d+"))
          .distinct()
          .toList();
      throw new AgentOsException(
          ErrorCode.SETTINGS_INVALID,
          key + " names " + end + ", which the model does not have; it has " + names
              + Settings.nearest(end, names)
                  .map(nearest -> "; did you mean " + nearest + "?")
                  .orElse(""),
          key);
    }
  }

  private static boolean matches(String module, String end) {
    return module.equals(end) || module.endsWith("." + end);
  }

  private static String module(String weight) {
    return weight.substring(0, weight.length() - WEIGHT.length());
  }

  private static String last(String module) {
    return module.substring(module.lastIndexOf('.') + 1);
  }

  /** The modules that a parameter is in. */
  private static List<String> around(String parameter) {
    List<String> modules = new ArrayList<>();
    for (int dot = parameter.indexOf('.'); dot >= 0; dot = parameter.indexOf('.', dot + 1)) {
      modules.add(parameter.substring(0, dot));
    }
    return modules;
  }

  private boolean isWhole(String parameter) {
    return around(parameter).stream()
        .anyMatch(module -> modulesToSave.stream().anyMatch(end -> matches(module, end)));
  }

  /** The ends of the targets' names where they say which these are, otherwise the whole names. */
  private Set<String> shortNames(Collection<String> linears) {
    Set<String> ends = new LinkedHashSet<>();
    targets.keySet().forEach(weight -> ends.add(last(module(weight))));
    Predicate<String> named = weight -> ends.contains(last(module(weight)));
    boolean exact = linears.stream().filter(named).allMatch(targets::containsKey);
    Set<String> names = new LinkedHashSet<>();
    targets.keySet().forEach(weight -> names.add(exact ? last(module(weight)) : module(weight)));
    return names;
  }

  private void addPair(List<Parameter> learnt, String weight, boolean transposed) {
    long[] shape = model.parameters().stream()
        .filter(p -> p.name().equals(weight))
        .findFirst()
        .orElseThrow()
        .shape();
    long inputs = shape[transposed ? 0 : 1];
    long outputs = shape[transposed ? 1 : 0];
    learnt.add(new Parameter(down(weight), new long[] {lora.r(), inputs}, 0, 0, -1));
    learnt.add(new Parameter(up(weight), new long[] {outputs, lora.r()}, 0, 0, -1));
  }

  // ---- for the script

  /** The adapter's and the model's weights. */
  FlatLayout layout() {
    return layout;
  }

  boolean adapts(String weight) {
    return targets.containsKey(weight);
  }

  /** The name of A. */
  static String down(String weight) {
    return module(weight) + DOWN;
  }

  /** The name of B. */
  static String up(String weight) {
    return module(weight) + UP;
  }

  double scale() {
    return lora.loraAlpha() / lora.r();
  }

  double dropout() {
    return lora.loraDropout();
  }

  /** A as PEFT draws it, Kaiming's uniform distribution for the root of 5; B zeros; the others from {@code before}. */
  Function<Parameter, float[]> initial(long seed, Function<Parameter, float[]> before) {
    var random = new SplittableRandom(seed);
    return parameter -> {
      if (parameter.name().endsWith(UP)) {
        return new float[parameter.elements()];
      } else if (!parameter.name().endsWith(DOWN)) {
        return before.apply(parameter);
      }
      float[] values = new float[parameter.elements()];
      double bound = 1 / Math.sqrt((double) parameter.shape()[1]);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextDouble(-bound, bound);
      }
      return values;
    };
  }

  /** A method that returns the weights with the adapter added to them. */
  String merge(String name) {
    StringBuilder text = new StringBuilder(
        "  def " + name + "(self: __torch__.Transformer, w: Tensor) -> List[Tensor]:\n"
            + "    m = torch.clone(w)\n");
    targets.forEach((weight, transposed) -> {
      String a = layout.view("w", down(weight));
      String b = layout.view("w", up(weight));
      text.append("    t = %s\n".formatted(layout.view("m", weight)));
      text.append(
          transposed
              ? "    t.addmm_(torch.t(%s), torch.t(%s), alpha=%s)\n".formatted(a, b, scale())
              : "    t.addmm_(%s, %s, alpha=%s)\n".formatted(b, a, scale()));
    });
    return text.append("    return [m]\n").toString();
  }

  // ---- for PEFT

  /** {@code adapter_config.json}. */
  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("peft_type", "LORA")
        .put("base_model_name_or_path", lora.baseModelNameOrPath())
        .put("r", lora.r())
        .put("lora_alpha", lora.loraAlpha())
        .put("lora_dropout", lora.loraDropout())
        .put("bias", "none")
        .put("fan_in_fan_out", targets.containsValue(true))
        .put("init_lora_weights", true)
        .put("inference_mode", true);
    targetModules.forEach(json.putArray("target_modules")::add);
    if (modulesToSave.isEmpty()) {
      json.putNull("modules_to_save");
    } else {
      modulesToSave.forEach(json.putArray("modules_to_save")::add);
    }
    return switch (objective) {
      case NEXT_TOKEN -> json.put("task_type", "CAUSAL_LM");
      case ROW -> json.put("task_type", "SEQ_CLS");
      case SAME_TOKEN ->
        model instanceof T5Config
            ? json.put("task_type", "SEQ_2_SEQ_LM")
            : json.putNull("task_type");
    };
  }
}
