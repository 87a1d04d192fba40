package io.llmagentos.model.engine;

import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** GPT-2: h = x + proj attention(QKV norm(x)); x = h + proj act(fc norm(h)), with learned positions and biases throughout. */
final class Gpt2Network implements Network {
  private record Norm(float[] weight, float[] bias) {}

  private record Layer(
      Norm first, Matrix queryKeyValue, Matrix attentionOut, Norm second, Matrix up, Matrix down) {}

  private final Gpt2Config config;
  private final Workers workers;
  private final Attention attention;
  private final Lookup embedding;
  private final float[] positions;
  private final List<Layer> layers = new ArrayList<>();
  private final Norm norm;
  private final Matrix output;
  private final int stride;
  private final int qkvStride;
  private final int innerStride;
  private final float[] x;
  private final float[] normed;
  private final float[] qkv;
  private final float[] attended;
  private final float[] inner;

  Gpt2Network(
      Checkpoint checkpoint,
      Gpt2Config config,
      CpuEngineSettings settings,
      Arena arena,
      KvCache cache,
      Workers workers) {
    this.config = config;
    this.workers = workers;
    int width = config.nEmbd();
    attention = new Attention(cache, workers, config.nHead(), config.nHead(), config.headDim());
    String prefix = checkpoint.has("transformer.wte.weight") ? "transformer." : "";
    Source source = new Source(checkpoint, config, settings.storage(), arena);
    for (int i = 0; i < config.nLayer(); i++) {
      layers.add(source.layer(prefix + "h." + i + "."));
    }
    norm = source.norm(prefix + "ln_f");
    positions =
        checkpoint.tensor(prefix + "wpe.weight", config.nPositions(), width).toFloats();
    Tensor tokens = checkpoint.tensor(prefix + "wte.weight", config.vocabSize(), width);
    if (config.tieWordEmbeddings()) {
      output = Matrix.ofRows(arena, settings.storage(), null, tokens);
      embedding = output::column;
    } else {
      Tensor head = checkpoint.tensor("lm_head.weight", config.vocabSize(), width);
      output = Matrix.ofRows(arena, settings.storage(), null, head);
      Tensor copy = tokens.copyTo(arena);
      embedding = (token, to, at) -> copy.read((long) token * width, to, at, width);
    }
    int rows = settings.prefillRows();
    stride = Lanes.padded(width);
    qkvStride = Lanes.padded(3 * width);
    innerStride = Lanes.padded(config.nInner());
    x = new float[rows * stride];
    normed = new float[rows * stride];
    qkv = new float[rows * qkvStride];
    attended = new float[rows * stride];
    inner = new float[rows * innerStride];
  }

  @Override
  public void run(Rows rows, @Nullable Tap tap) {
    for (int row = 0; row < rows.count; row++) {
      embed(rows.tokens[row], rows.position(row), row * stride);
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

  private void embed(int token, int position, int at) {
    embedding.row(token, x, at);
    for (int i = 0; i < config.nEmbd(); i++) {
      x[at + i] += positions[position * config.nEmbd() + i];
    }
  }

  private void attend(int index, Layer layer, Rows rows) {
    norm(rows.count, layer.first);
    layer.queryKeyValue.multiply(workers, normed, stride, rows.count, qkv, qkvStride);
    attention.run(index, rows, qkv, qkvStride, scale(index), attended, stride);
    layer.attentionOut.multiply(workers, attended, stride, rows.count, normed, stride);
    addToResidual(rows.count);
  }

  private float scale(int layer) {
    double scale = config.scaleAttnWeights() ? 1 / Math.sqrt(config.headDim()) : 1;
    return (float) (config.scaleAttnByInverseLayerIdx() ? scale / (layer + 1) : scale);
  }

  private void feedForward(Layer layer, int rows) {
    norm(rows, layer.second);
    layer.up.multiply(workers, normed, stride, rows, inner, innerStride);
    workers.run(
        rows,
        (row, scratch) -> RowKernels.activate(
            config.activationFunction(), inner, row * innerStride, config.nInner()));
    layer.down.multiply(workers, inner, innerStride, rows, normed, stride);
    addToResidual(rows);
  }

  private void norm(int rows, Norm norm) {
    workers.run(rows, (row, scratch) -> norm(row, norm, normed, row * stride));
  }

  private void norm(int row, Norm norm, float[] out, int at) {
    float epsilon = config.layerNormEpsilon();
    RowKernels.layerNorm(x, row * stride, config.nEmbd(), epsilon, norm.weight, norm.bias, out, at);
  }

  private void addToResidual(int rows) {
    RowKernels.add(x, 0, normed, 0, rows * stride);
  }

  @Override
  public void finish(int row, float[] out, int at) {
    norm(row, norm, out, at);
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
          + layer.up.byteSize()
          + layer.down.byteSize();
    }
    return bytes;
  }

  /** Where the weights come from, under Hugging Face's names. */
  private record Source(
      Checkpoint checkpoint, Gpt2Config config, WeightStorage storage, Arena arena) {
    Layer layer(String prefix) {
      int width = config.nEmbd();
      return new Layer(
          norm(prefix + "ln_1"),
          matrix(prefix + "attn.c_attn", width, 3 * width),
          matrix(prefix + "attn.c_proj", width, width),
          norm(prefix + "ln_2"),
          matrix(prefix + "mlp.c_fc", width, config.nInner()),
          matrix(prefix + "mlp.c_proj", config.nInner(), width));
    }

    Norm norm(String name) {
      return new Norm(
          checkpoint.tensor(name + ".weight", config.nEmbd()).toFloats(),
          checkpoint.tensor(name + ".bias", config.nEmbd()).toFloats());
    }

    private Matrix matrix(String name, int inputs, int outputs) {
      float[] bias = checkpoint.tensor(name + ".bias", outputs).toFloats();
      Tensor weights = checkpoint.tensor(name + ".weight", inputs, outputs);
      return Matrix.ofColumns(arena, storage, bias, weights);
    }
  }
}
