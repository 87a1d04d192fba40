package io.llmagentos.model.engine;

import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Llama, Qwen2: h = x + O attention(rotary(QKV norm(x))); x = h + down(act(gate norm(h)) * up norm(h)). */
final class LlamaNetwork implements Network {
  private record Layer(
      float[] inputNorm,
      Matrix queryKeyValue,
      Matrix attentionOut,
      float[] postNorm,
      Matrix gateUp,
      Matrix down) {}

  private final LlamaConfig config;
  private final Workers workers;
  private final Attention attention;
  private final Rotary rotary;
  private final Lookup embedding;
  private final List<Layer> layers = new ArrayList<>();
  private final float[] norm;
  private final Matrix output;
  private final int stride;
  private final int qkvStride;
  private final int attendedStride;
  private final int gateUpStride;
  private final int innerStride;
  private final float[] x;
  private final float[] normed;
  private final float[] qkv;
  private final float[] attended;
  private final float[] gateUp;
  private final float[] inner;

  LlamaNetwork(
      Checkpoint checkpoint,
      LlamaConfig config,
      CpuEngineSettings settings,
      Arena arena,
      KvCache cache,
      Workers workers,
      int positions) {
    this.config = config;
    this.workers = workers;
    attention = new Attention(
        cache, workers, config.numAttentionHeads(), config.numKeyValueHeads(), config.headDim());
    rotary = new Rotary(config, positions);
    Source source = new Source(checkpoint, config, settings.storage(), arena);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      layers.add(source.layer("model.layers." + i + "."));
    }
    norm = checkpoint.tensor("model.norm.weight", config.hiddenSize()).toFloats();
    String table = "model.embed_tokens.weight";
    Tensor tokens = checkpoint.tensor(table, config.vocabSize(), config.hiddenSize());
    if (config.tieWordEmbeddings()) {
      output = Matrix.ofRows(arena, settings.storage(), null, tokens);
      embedding = output::column;
    } else {
      output = source.matrix(config.vocabSize(), config.hiddenSize(), false, "lm_head");
      Tensor copy = tokens.copyTo(arena);
      int width = config.hiddenSize();
      embedding = (token, to, at) -> copy.read((long) token * width, to, at, width);
    }
    int rows = settings.prefillRows();
    int queries = config.numAttentionHeads() * config.headDim();
    stride = Lanes.padded(config.hiddenSize());
    qkvStride = Lanes.padded(queries + 2 * config.numKeyValueHeads() * config.headDim());
    attendedStride = Lanes.padded(queries);
    gateUpStride = Lanes.padded(2 * config.intermediateSize());
    innerStride = Lanes.padded(config.intermediateSize());
    x = new float[rows * stride];
    normed = new float[rows * stride];
    qkv = new float[rows * qkvStride];
    attended = new float[rows * attendedStride];
    gateUp = new float[rows * gateUpStride];
    inner = new float[rows * innerStride];
  }

  @Override
  public void run(Rows rows, @Nullable Tap tap) {
    for (int row = 0; row < rows.count; row++) {
      embedding.row(rows.tokens[row], x, row * stride);
    }
    for (int i = 0; i < layers.size(); i++) {
      if (tap != null) {
        tap.hidden(i, x, stride, rows.count);
      }
      Layer layer = layers.get(i);
      attend(i, layer, rows);
      feedForward(layer, rows.count);
    }
    if (tap != null) {
      tap.hidden(layers.size(), x, stride, rows.count);
    }
  }

  private void attend(int index, Layer layer, Rows rows) {
    int heads = config.numAttentionHeads();
    int keyValueHeads = config.numKeyValueHeads();
    float scale = (float) (1 / Math.sqrt(config.headDim()));
    norm(rows.count, layer.inputNorm);
    layer.queryKeyValue.multiply(workers, normed, stride, rows.count, qkv, qkvStride);
    workers.run(
        rows.count,
        (row, scratch) ->
            rotary.turn(qkv, row * qkvStride, heads + keyValueHeads, rows.position(row)));
    attention.run(index, rows, qkv, qkvStride, scale, attended, attendedStride);
    layer.attentionOut.multiply(workers, attended, attendedStride, rows.count, normed, stride);
    addToResidual(rows.count);
  }

  private void feedForward(Layer layer, int rows) {
    int width = config.intermediateSize();
    norm(rows, layer.postNorm);
    layer.gateUp.multiply(workers, normed, stride, rows, gateUp, gateUpStride);
    workers.run(
        rows,
        (row, scratch) -> RowKernels.gated(
            config.hiddenAct(),
            gateUp,
            row * gateUpStride,
            gateUp,
            row * gateUpStride + width,
            width,
            inner,
            row * innerStride));
    layer.down.multiply(workers, inner, innerStride, rows, normed, stride);
    addToResidual(rows);
  }

  private void norm(int rows, float[] weight) {
    workers.run(
        rows,
        (row, scratch) -> RowKernels.rmsNorm(
            x,
            row * stride,
            config.hiddenSize(),
            config.rmsNormEps(),
            weight,
            normed,
            row * stride));
  }

  private void addToResidual(int rows) {
    RowKernels.add(x, 0, normed, 0, rows * stride);
  }

  @Override
  public void finish(int row, float[] out, int at) {
    RowKernels.rmsNorm(x, row * stride, config.hiddenSize(), config.rmsNormEps(), norm, out, at);
  }

  @Override
  public Matrix output() {
    return output;
  }

  @Override
  public long weightBytes() {
    long bytes = output.byteSize();
    for (Layer layer : layers) {
      bytes += layer.queryKeyValue.byteSize()
          + layer.attentionOut.byteSize()
          + layer.gateUp.byteSize()
          + layer.down.byteSize();
    }
    return bytes;
  }

  /** Where the weights come from, under Hugging Face's names. */
  private record Source(
      Checkpoint checkpoint, LlamaConfig config, WeightStorage storage, Arena arena) {
    Layer layer(String prefix) {
      String attention = prefix + "self_attn.";
      String mlp = prefix + "mlp.";
      int width = config.hiddenSize();
      int inner = config.intermediateSize();
      int queries = config.numAttentionHeads() * config.headDim();
      int keys = config.numKeyValueHeads() * config.headDim();
      return new Layer(
          vector(prefix + "input_layernorm.weight"),
          queryKeyValue(attention, queries, keys),
          matrix(width, queries, config.outputBias(), attention + "o_proj"),
          vector(prefix + "post_attention_layernorm.weight"),
          matrix(inner, width, config.mlpBias(), mlp + "gate_proj", mlp + "up_proj"),
          matrix(width, inner, config.mlpBias(), mlp + "down_proj"));
    }

    private Matrix queryKeyValue(String prefix, int queries, int keys) {
      int width = config.hiddenSize();
      float[] bias = null;
      if (config.queryKeyValueBias()) {
        bias = new float[queries + 2 * keys];
        checkpoint.tensor(prefix + "q_proj.bias", queries).read(0, bias, 0, queries);
        checkpoint.tensor(prefix + "k_proj.bias", keys).read(0, bias, queries, keys);
        checkpoint.tensor(prefix + "v_proj.bias", keys).read(0, bias, queries + keys, keys);
      }
      return Matrix.ofRows(
          arena,
          storage,
          bias,
          checkpoint.tensor(prefix + "q_proj.weight", queries, width),
          checkpoint.tensor(prefix + "k_proj.weight", keys, width),
          checkpoint.tensor(prefix + "v_proj.weight", keys, width));
    }

    private Matrix matrix(int outputs, int inputs, boolean biased, String... names) {
      float[] bias = biased ? new float[names.length * outputs] : null;
      Tensor[] parts = new Tensor[names.length];
      for (int i = 0; i < names.length; i++) {
        parts[i] = checkpoint.tensor(names[i] + ".weight", outputs, inputs);
        if (bias != null) {
          checkpoint.tensor(names[i] + ".bias", outputs).read(0, bias, i * outputs, outputs);
        }
      }
      return Matrix.ofRows(arena, storage, bias, parts);
    }

    private float[] vector(String name) {
      return checkpoint.tensor(name, config.hiddenSize()).toFloats();
    }
  }
}
