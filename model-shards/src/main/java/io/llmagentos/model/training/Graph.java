package io.llmagentos.model.training;

import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.Parameter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A method of TorchScript in the making. Each operation writes its line of the forward pass and keeps how its derivative is written; {@link #method()} puts
 * the derivatives behind the forward pass, last operation first, where their gradients are added up: reverse-mode differentiation of the source. So a model
 * is written once, forwards, and a call computes loss and gradient without a tape.
 *
 * <p>Hidden states are [B*T, width]. In bfloat16 the products' operands are rounded; sums along the layers and norms stay float32.
 */
final class Graph {
  /** An intermediate result: a variable of the script, and whether it is bfloat16. */
  record Value(String name, boolean half) {}

  /** What an attention does besides softmax(q k^T) v. */
  record Attention(
      int heads,
      int keyHeads,
      double scale,
      boolean causal,
      double dropout,
      String bias,
      @Nullable Value position) {}

  private final FlatLayout layout;
  private final @Nullable Adapter adapter;
  private final boolean training;
  private final boolean half;
  private final boolean fusedAttention;
  private final Map<String, String> definitions = new HashMap<>();
  private final List<String> forward = new ArrayList<>();
  private final List<String> backward = new ArrayList<>();
  private final Deque<Runnable> derivatives = new ArrayDeque<>();
  private final Set<String> reached = new LinkedHashSet<>();
  private final Map<String, Value> rounded = new HashMap<>();
  private final Map<String, Value> outputs = new LinkedHashMap<>();
  private final Map<String, Boolean> linears = new LinkedHashMap<>();
  private int values;

  /** @param training with dropout and derivatives */
  Graph(FlatLayout layout, EngineSettings settings, boolean training) {
    this(layout, null, settings, training);
  }

  /** @param training with dropout and the derivatives of what is learnt */
  Graph(FlatLayout layout, @Nullable Adapter adapter, EngineSettings settings, boolean training) {
    this.layout = layout;
    this.adapter = adapter;
    this.training = training;
    this.half = settings.precision() == Precision.BFLOAT16;
    this.fusedAttention = settings.fusedAttention();
    define("b = int(n[0])");
    define("random = torch.Generator(device=None, seed=int(n[1]))");
    if (half) {
      forward.add("h = torch.to(w, 15)");
    }
  }

  String input(Input input) {
    return input.variable();
  }

  Value embedding(String table, Input ids, int paddingRow) {
    return embedding(table, input(ids), paddingRow);
  }

  /** @param ids a variable of the script */
  Value embedding(String table, String ids, int paddingRow) {
    Value y = value("torch.embedding(%s, %s)".formatted(weight(table, false), ids), false);
    if (layout.learns(table)) {
      derive(
          y,
          d -> backward("__torch__.embedding_backward(%s, %s, %s, %s)"
              .formatted(d, ids, paddingRow, gradient(table))));
    }
    return y;
  }

  Value add(Value a, Value b) {
    Value y = value(a.name + " + " + b.name, a.half && b.half);
    derive(y, d -> {
      reach(a, d, y.half);
      reach(b, d, y.half);
    });
    return y;
  }

  Value multiply(Value a, Value b) {
    Value y = value(a.name + " * " + b.name, a.half && b.half);
    derive(y, d -> {
      reach(a, d + " * " + b.name, y.half);
      reach(b, d + " * " + a.name, y.half);
    });
    return y;
  }

  Value scale(Value x, double factor) {
    Value y = value(x.name + " * " + factor, x.half);
    derive(y, d -> reach(x, d + " * " + factor, y.half));
    return y;
  }

  /** Parameters {@code name.weight} and {@code name.bias}. */
  Value layerNorm(Value input, String name, double epsilon) {
    Value x = single(input);
    Value y = next(false);
    String mean = y.name + "_mean";
    String deviation = y.name + "_deviation";
    String weight = weight(name + ".weight", false);
    String bias = weight(name + ".bias", false);
    forward.add("%s, %s, %s = torch.native_layer_norm(%s, [torch.size(%s, 1)], %s, %s, %s)"
        .formatted(y.name, mean, deviation, x.name, x.name, weight, bias, epsilon));
    derive(
        y,
        d -> reach(
            x,
            "__torch__.layer_norm_backward(%s, %s, %s, %s, %s, %s, %s, %s)"
                .formatted(
                    d,
                    x.name,
                    mean,
                    deviation,
                    weight,
                    bias,
                    gradient(name + ".weight"),
                    gradient(name + ".bias")),
            false));
    return y;
  }

  Value rmsNorm(Value input, String parameter, double epsilon) {
    Value x = single(input);
    Value y = next(false);
    String weight = weight(parameter, false);
    forward.add("%s, %s_r = __torch__.rms_norm(%s, %s, %s)"
        .formatted(y.name, y.name, x.name, weight, epsilon));
    derive(
        y,
        d -> reach(
            x,
            "__torch__.rms_norm_backward(%s, %s, %s_r, %s, %s)"
                .formatted(d, x.name, y.name, weight, gradient(parameter)),
            false));
    return y;
  }

  /** Weights [out][in]. */
  Value linear(Value x, String weight, @Nullable String bias) {
    return product(x, weight, bias, false);
  }

  /** Weights [in][out]. */
  Value convolution(Value x, String weight, @Nullable String bias) {
    return product(x, weight, bias, true);
  }

  /** The weights of the linear layers so far, and whether they are [in][out]. */
  Map<String, Boolean> linears() {
    return linears;
  }

  private Value product(Value input, String weight, @Nullable String bias, boolean transposed) {
    linears.put(weight, transposed);
    Value y = plainProduct(input, weight, bias, transposed);
    if (adapter == null || !adapter.adapts(weight)) {
      return y;
    }
    Value down = linear(dropout(input, adapter.dropout()), Adapter.down(weight), null);
    return add(y, linear(scale(down, adapter.scale()), Adapter.up(weight), null));
  }

  private Value plainProduct(
      Value input, String weight, @Nullable String bias, boolean transposed) {
    Value x = half ? half(input) : input;
    String stored = weight(weight, half);
    String turned = "torch.t(" + stored + ")";
    Value y = value(
        "__torch__.product(%s, %s, %s)"
            .formatted(
                x.name, transposed ? turned : stored, bias == null ? "None" : weight(bias, half)),
        half);
    derive(y, d -> {
      if (bias != null && layout.learns(bias)) {
        backward("__torch__.add_column_sums(%s, %s)".formatted(d, gradient(bias)));
      }
      if (layout.learns(weight)) {
        backward("__torch__.add_product(%s, %s, %s)"
            .formatted(gradient(weight), transposed ? x.name : d, transposed ? d : x.name));
      }
      reach(x, "__torch__.product(%s, %s, None)".formatted(d, transposed ? stored : turned), half);
    });
    return y;
  }

  Value activation(Activation function, Value x) {
    String n = x.name;
    return switch (function) {
      case GELU ->
        activation(x, "torch.gelu(" + n + ")", d -> "torch.gelu_backward(" + d + ", " + n + ")");
      case GELU_NEW ->
        activation(
            x,
            "torch.gelu(" + n + ", approximate=\"tanh\")",
            d -> "torch.gelu_backward(" + d + ", " + n + ", approximate=\"tanh\")");
      case QUICK_GELU ->
        activation(
            x,
            "__torch__.quick_gelu(" + n + ")",
            d -> "__torch__.quick_gelu_backward(" + d + ", " + n + ")");
      case RELU ->
        activation(
            x, "torch.relu(" + n + ")", d -> "torch.threshold_backward(" + d + ", " + n + ", 0)");
      case SILU ->
        activation(x, "torch.silu(" + n + ")", d -> "torch.silu_backward(" + d + ", " + n + ")");
    };
  }

  private Value activation(Value x, String text, UnaryOperator<String> derivative) {
    Value y = value(text, x.half);
    derive(y, d -> reach(x, derivative.apply(d), x.half));
    return y;
  }

  Value tanh(Value input) {
    Value x = single(input);
    Value y = value("torch.tanh(" + x.name + ")", false);
    derive(y, d -> reach(x, "torch.tanh_backward(" + d + ", " + y.name + ")", false));
    return y;
  }

  Value dropout(Value x, double p) {
    if (!training || p == 0) {
      return x;
    }
    String mask = mask(x.name, p);
    Value y = value(x.name + " * " + mask, x.half);
    derive(y, d -> reach(x, d + " * " + mask, y.half));
    return y;
  }

  private String mask(String like, double p) {
    String mask = "mask" + values++;
    forward.add("%s = __torch__.dropout_mask(%s, %s, random)".formatted(mask, like, p));
    return mask;
  }

  /** Columns, in parts of these widths. */
  List<Value> split(Value x, int... widths) {
    List<Value> parts = new ArrayList<>();
    int at = 0;
    for (int width : widths) {
      parts.add(value("torch.slice(%s, 1, %s, %s)".formatted(x.name, at, at + width), x.half));
      at += width;
    }
    derivatives.push(() -> {
      List<String> gradients = parts.stream().map(part -> "d_" + part.name).toList();
      reach(x, "torch.cat([" + String.join(", ", gradients) + "], 1)", x.half);
    });
    return parts;
  }

  /** The rows that predict. */
  Value rows(Value x) {
    String rows = input(Input.ROWS);
    Value y = value("torch.index_select(%s, 0, %s)".formatted(x.name, rows), x.half);
    derive(
        y, d -> reach(x, "__torch__.rows_backward(%s, %s, %s)".formatted(d, rows, x.name), x.half));
    return y;
  }

  /** Rotary positions; cosine and sine are variables of the script. */
  Value rotary(Value x, int heads) {
    Value y = value("__torch__.rotary(%s, %s, cosine, sine)".formatted(x.name, heads), x.half);
    derive(
        y,
        d -> reach(
            x, "__torch__.rotary(%s, %s, cosine, torch.neg(sine))".formatted(d, heads), x.half));
    return y;
  }

  /** What is added to scores because of {@code mask} [B,S]; the variable's name. */
  String scoreBias(String name, Input mask, String queries, boolean causal) {
    define("%s = __torch__.score_bias(%s, b, %s, %s)"
        .formatted(name, input(mask), queries, causal ? "True" : "False"));
    return name;
  }

  /** A line that defines a variable by what the method is called with. */
  void define(String line) {
    definitions.put(line.substring(0, line.indexOf(' ')), line);
  }

  /** Scores' bias by relative position, from a table [buckets][heads]. */
  Value position(String table, Input buckets, String queries) {
    String which = input(buckets);
    Value y = value(
        "__torch__.position_bias(%s, %s, %s)".formatted(weight(table, false), which, queries),
        false);
    if (layout.learns(table)) {
      derive(
          y,
          d -> backward(
              "__torch__.position_bias_backward(%s, %s, %s)".formatted(d, which, gradient(table))));
    }
    return y;
  }

  /** Queries [B*T,H*d], keys and values [B*S,K*d]; result [B*T,H*d]. */
  Value attention(Attention a, Value queries, Value keys, Value values) {
    Value y = next(queries.half);
    String n = y.name;
    int times = a.heads / a.keyHeads;
    forward.add("%s_q = __torch__.split_heads(%s, b, %s)".formatted(n, queries.name, a.heads));
    for (String[] kv : new String[][] {{"k", keys.name}, {"v", values.name}}) {
      forward.add("%s_%s = __torch__.repeat_heads(__torch__.split_heads(%s, b, %s), %s)"
          .formatted(n, kv[0], kv[1], a.keyHeads, times));
    }
    boolean fused = fusedAttention && a.position == null && (a.dropout == 0 || !training);
    Runnable derivative = fused ? flash(n, a) : plain(n, a, y.half);
    forward.add("%s = __torch__.join_heads(%s_y)".formatted(n, n));
    derive(y, d -> {
      backward("%s_g = __torch__.split_heads(%s, b, %s)".formatted(n, d, a.heads));
      derivative.run();
      reach(queries, "__torch__.join_heads(" + n + "_dq)", y.half);
      String joined = "__torch__.join_heads(__torch__.sum_heads(%s_d%s, %s))";
      reach(keys, joined.formatted(n, "k", times), y.half);
      reach(values, joined.formatted(n, "v", times), y.half);
    });
    return y;
  }

  private Runnable flash(String n, Attention a) {
    String rest = "%s, %s, %s)".formatted(a.causal ? "True" : "False", a.bias, a.scale);
    forward.add("%1$s_y, %1$s_s = __torch__.flash_attention(%1$s_q, %1$s_k, %1$s_v, %2$s"
        .formatted(n, rest));
    return () -> backward(
        ("%1$s_dq, %1$s_dk, %1$s_dv = __torch__.flash_attention_backward(%1$s_g, %1$s_q, %1$s_k,"
                + " %1$s_v, %1$s_y, %1$s_s, %2$s")
            .formatted(n, rest));
  }

  private Runnable plain(String n, Attention a, boolean halved) {
    String position = a.position == null ? "None" : a.position.name;
    String scale = " * " + a.scale;
    forward.add("%1$s_w = __torch__.attention_weights(%1$s_q, %1$s_k, %2$s, %3$s, %4$s, %5$s)"
        .formatted(n, a.causal ? "True" : "False", a.bias, position, a.scale));
    String mask = training && a.dropout > 0 ? mask(n + "_w", a.dropout) : "";
    String kept = rounded(mask.isEmpty() ? n + "_w" : n + "_w * " + mask, halved);
    forward.add("%1$s_kept = %2$s".formatted(n, kept));
    forward.add("%1$s_y = torch.matmul(%1$s_kept, %1$s_v)".formatted(n));
    return () -> {
      backward("%1$s_dv = torch.matmul(torch.transpose(%1$s_kept, 2, 3), %1$s_g)".formatted(n));
      String dw = "torch.matmul(%1$s_g, torch.transpose(%1$s_v, 2, 3))".formatted(n);
      backward("%1$s_ds = __torch__.attention_weights_backward(%2$s, %1$s_w)"
          .formatted(n, mask.isEmpty() ? dw : dw + " * " + mask));
      if (a.position != null) {
        reach(a.position, "torch.sum(%s_ds, [0], True)".formatted(n), false);
      }
      backward("%1$s_dr = %2$s".formatted(n, rounded(n + "_ds", halved)));
      backward("%1$s_dq = torch.matmul(%1$s_dr, %1$s_k)%2$s".formatted(n, scale));
      backward(
          "%1$s_dk = torch.matmul(torch.transpose(%1$s_dr, 2, 3), %1$s_q)%2$s".formatted(n, scale));
    };
  }

  private static String rounded(String text, boolean halved) {
    return halved ? "torch.to(" + text + ", 15)" : text;
  }

  /** The sum of the smoothed cross entropies at the rows that predict, as output; without derivatives also what they predict. The last operation. */
  Value crossEntropy(Value input, String weight, @Nullable String bias) {
    Value x = half ? half(input) : input;
    String targets = input(Input.TARGETS);
    String arguments = "%s, %s, %s, %s, float(%s[0])"
        .formatted(
            x.name,
            weight(weight, half),
            bias == null ? "None" : weight(bias, half),
            targets,
            input(Input.SMOOTHING));
    Value loss = next(false);
    output("loss", loss);
    if (!training) {
      Value predictions = next(false);
      output("predictions", predictions);
      forward.add(
          "%s, %s = __torch__.cross_entropy(%s)".formatted(loss.name, predictions.name, arguments));
      return loss;
    }
    forward.add("%s, d_%s = __torch__.cross_entropy_backward(%s, %s, %s)"
        .formatted(
            loss.name,
            x.name,
            arguments,
            gradient(weight),
            bias == null ? "None" : gradient(bias)));
    reached.add(x.name);
    return loss;
  }

  /** Begins the backward pass: {@code gradient} is that of {@code y}. */
  void seed(Value y, String gradient) {
    forward.add("d_" + y.name + " = " + gradient);
    reached.add(y.name);
  }

  /** Makes {@code x} a result of the method. */
  void output(String name, Value x) {
    outputs.put(name, x);
  }

  /** Forgets what was to be a result. */
  void clearOutputs() {
    outputs.clear();
  }

  /** The names of the results. */
  List<String> outputs() {
    return List.copyOf(outputs.keySet());
  }

  /** What was written, as a method. */
  ScriptMethod method() {
    while (!derivatives.isEmpty() && training) {
      derivatives.pop().run();
    }
    List<String> lines = new ArrayList<>(forward);
    lines.addAll(backward);
    List<String> results = outputs.values().stream().map(Value::name).toList();
    return new ScriptMethod(training, definitions, lines, results);
  }

  /**
   * Where to cut the method so that each part but the last completes the gradients of at least so many numbers: their ends, in lines.
   *
   * @see #completed
   */
  List<Integer> cuts(ScriptMethod method, long numbers) {
    Map<String, Integer> lasts = lasts(method);
    List<Integer> ends = new ArrayList<>();
    long done = 0;
    long left = lasts.keySet().stream().mapToLong(this::elements).sum();
    for (int line = 0; line < method.lines().size(); line++) {
      for (Map.Entry<String, Integer> last : lasts.entrySet()) {
        if (last.getValue() == line) {
          done += elements(last.getKey());
          left -= elements(last.getKey());
        }
      }
      // Not within the forward pass, where random numbers are drawn in one sequence.
      if (done >= numbers && left > 0 && line >= forward.size() - 1) {
        ends.add(line + 1);
        done = 0;
      }
    }
    ends.add(method.lines().size());
    return ends;
  }

  private long elements(String parameter) {
    return layout.parameter(parameter).elements();
  }

  /** For each part the parameters whose gradients are complete behind it; those that have none, behind the last one. */
  List<Set<String>> completed(ScriptMethod method, List<Integer> ends) {
    List<Set<String>> completed = new ArrayList<>();
    ends.forEach(end -> completed.add(new LinkedHashSet<>()));
    Map<String, Integer> lasts = lasts(method);
    for (Parameter parameter : layout.parameters()) {
      int last = lasts.getOrDefault(parameter.name(), method.lines().size() - 1);
      int part = 0;
      while (ends.get(part) <= last) {
        part++;
      }
      completed.get(part).add(parameter.name());
    }
    return completed;
  }

  /** The last line in which the gradient of each parameter changes. */
  private Map<String, Integer> lasts(ScriptMethod method) {
    Map<String, String> parameters = new HashMap<>();
    layout.parameters().forEach(p -> parameters.put(variable(p.name(), "g"), p.name()));
    Map<String, Integer> lasts = new LinkedHashMap<>();
    for (int line = 0; line < method.lines().size(); line++) {
      for (String word : ScriptMethod.words(method.lines().get(line))) {
        String parameter = parameters.get(word);
        if (parameter != null) {
          lasts.put(parameter, line);
        }
      }
    }
    return lasts;
  }

  private Value next(boolean half) {
    return new Value("x" + values++, half);
  }

  private Value value(String text, boolean half) {
    Value y = next(half);
    forward.add(y.name + " = " + text);
    return y;
  }

  private void backward(String line) {
    backward.add(line);
  }

  /** What is written once the gradient of {@code y} is known; nothing if nobody needs it. */
  private void derive(Value y, Consumer<String> derivative) {
    derivatives.push(() -> {
      if (reached.contains(y.name)) {
        derivative.accept("d_" + y.name);
      }
    });
  }

  /** Adds to the gradient of {@code x}. */
  private void reach(Value x, String gradient, boolean gradientHalf) {
    String text =
        gradientHalf == x.half ? gradient : "torch.to(%s, %s)".formatted(gradient, x.half ? 15 : 6);
    String d = "d_" + x.name;
    backward(d + " = " + (reached.add(x.name) ? text : d + " + " + text));
  }

  private Value half(Value x) {
    return x.half
        ? x
        : rounded.computeIfAbsent(x.name, name -> {
          Value y = value("torch.to(" + name + ", 15)", true);
          derive(y, d -> reach(x, d, true));
          return y;
        });
  }

  /** In float32. */
  Value single(Value x) {
    if (!x.half) {
      return x;
    }
    Value y = value("torch.to(" + x.name + ", 6)", false);
    derive(y, d -> reach(x, d, false));
    return y;
  }

  private String weight(String name, boolean halved) {
    return view(name, halved ? "h" : "w");
  }

  /** None for what is frozen. */
  private String gradient(String name) {
    return layout.learns(name) ? view(name, "g") : "None";
  }

  /** A view of the parameter in one of the flat vectors. */
  private String view(String name, String vector) {
    String variable = variable(name, vector);
    define(variable + " = " + layout.view(vector, name));
    return variable;
  }

  private String variable(String name, String vector) {
    return vector + "_" + layout.offset(name);
  }
}
