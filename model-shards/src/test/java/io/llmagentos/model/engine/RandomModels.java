package io.llmagentos.model.engine;

import io.llmagentos.model.weights.Activation;
import io.llmagentos.model.weights.Checkpoint;
import io.llmagentos.model.weights.DType;
import io.llmagentos.model.weights.Dropout;
import io.llmagentos.model.weights.Gpt2Config;
import io.llmagentos.model.weights.LlamaConfig;
import io.llmagentos.model.weights.ModelConfig;
import io.llmagentos.model.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Models with random weights of any shape, in memory. */
final class RandomModels {
  private final SplittableRandom random;
  private final List<Tensor> tensors = new ArrayList<>();

  private RandomModels(long seed) {
    random = new SplittableRandom(seed);
  }

  static LlamaConfig llama(
      int vocabulary, int width, int inner, int layers, int heads, int keyValueHeads, int context) {
    return new LlamaConfig(
        "llama",
        vocabulary,
        width,
        inner,
        layers,
        heads,
        keyValueHeads,
        width / heads,
        context,
        1e-5f,
        10000,
        null,
        false,
        false,
        false,
        true,
        Activation.SILU,
        Dropout.NONE,
        0.02,
        -1);
  }

  static Gpt2Config gpt2(int vocabulary, int width, int layers, int heads, int context) {
    return new Gpt2Config(
        vocabulary,
        context,
        width,
        layers,
        heads,
        4 * width,
        1e-5f,
        true,
        false,
        true,
        Activation.GELU_NEW,
        Dropout.NONE,
        0.02);
  }

  static Checkpoint create(LlamaConfig config, long seed) {
    return create(config, seed, DType.F32);
  }

  static Checkpoint create(LlamaConfig config, long seed, DType stored) {
    RandomModels models = new RandomModels(seed);
    int width = config.hiddenSize();
    int inner = config.intermediateSize();
    int queries = config.numAttentionHeads() * config.headDim();
    int keys = config.numKeyValueHeads() * config.headDim();
    models.weights("model.embed_tokens.weight", 1, config.vocabSize(), width);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      String prefix = "model.layers." + i + ".";
      models.around1(prefix + "input_layernorm.weight", width);
      models.matrix(prefix + "self_attn.q_proj.weight", width, queries, width);
      models.matrix(prefix + "self_attn.k_proj.weight", width, keys, width);
      models.matrix(prefix + "self_attn.v_proj.weight", width, keys, width);
      models.matrix(prefix + "self_attn.o_proj.weight", queries, width, queries);
      if (config.queryKeyValueBias()) {
        models.weights(prefix + "self_attn.q_proj.bias", 0.3f, queries);
        models.weights(prefix + "self_attn.k_proj.bias", 0.3f, keys);
        models.weights(prefix + "self_attn.v_proj.bias", 0.3f, keys);
      }
      if (config.outputBias()) {
        models.weights(prefix + "self_attn.o_proj.bias", 0.3f, width);
      }
      models.around1(prefix + "post_attention_layernorm.weight", width);
      models.matrix(prefix + "mlp.gate_proj.weight", width, inner, width);
      models.matrix(prefix + "mlp.up_proj.weight", width, inner, width);
      models.matrix(prefix + "mlp.down_proj.weight", inner, width, inner);
      if (config.mlpBias()) {
        models.weights(prefix + "mlp.gate_proj.bias", 0.3f, inner);
        models.weights(prefix + "mlp.up_proj.bias", 0.3f, inner);
        models.weights(prefix + "mlp.down_proj.bias", 0.3f, width);
      }
    }
    models.around1("model.norm.weight", width);
    models.output(config);
    return Checkpoint.of(config, "random-" + seed, models.stored(stored));
  }

  static Checkpoint create(Gpt2Config config, long seed) {
    return create(config, seed, DType.F32);
  }

  static Checkpoint create(Gpt2Config config, long seed, DType stored) {
    RandomModels models = new RandomModels(seed);
    int width = config.nEmbd();
    int inner = config.nInner();
    models.weights("wte.weight", 1, config.vocabSize(), width);
    models.weights("wpe.weight", 1, config.nPositions(), width);
    for (int i = 0; i < config.nLayer(); i++) {
      String prefix = "h." + i + ".";
      models.norm(prefix + "ln_1", width);
      models.matrix(prefix + "attn.c_attn.weight", width, width, 3L * width);
      models.weights(prefix + "attn.c_attn.bias", 0.1f, 3L * width);
      models.matrix(prefix + "attn.c_proj.weight", width, width, width);
      models.weights(prefix + "attn.c_proj.bias", 0.1f, width);
      models.norm(prefix + "ln_2", width);
      models.matrix(prefix + "mlp.c_fc.weight", width, width, inner);
      models.weights(prefix + "mlp.c_fc.bias", 0.1f, inner);
      models.matrix(prefix + "mlp.c_proj.weight", inner, inner, width);
      models.weights(prefix + "mlp.c_proj.bias", 0.1f, width);
    }
    models.norm("ln_f", width);
    models.output(config);
    return Checkpoint.of(config, "random-" + seed, models.stored(stored));
  }

  private void output(ModelConfig config) {
    if (!config.tieWordEmbeddings()) {
      int width =
          config instanceof LlamaConfig llama ? llama.hiddenSize() : ((Gpt2Config) config).nEmbd();
      matrix("lm_head.weight", width, config.vocabSize(), width);
    }
  }

  private List<Tensor> stored(DType type) {
    return tensors.stream().map(tensor -> stored(tensor, type)).toList();
  }

  private static Tensor stored(Tensor tensor, DType type) {
    float[] values = tensor.toFloats();
    return switch (type) {
      case BF16 -> Tensor.bfloat16(tensor.name(), values, 0, tensor.shape());
      case F16 -> {
        MemorySegment data = MemorySegment.ofArray(new short[values.length]);
        for (int i = 0; i < values.length; i++) {
          data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
        }
        yield new Tensor(tensor.name(), type, tensor.shape(), data, "memory");
      }
      default -> tensor;
    };
  }

  private void norm(String name, int width) {
    around1(name + ".weight", width);
    weights(name + ".bias", 0.1f, width);
  }

  private void matrix(String name, int inputs, long... shape) {
    weights(name, (float) (2 / Math.sqrt(inputs)), shape);
  }

  private void around1(String name, int width) {
    float[] values = new float[width];
    for (int i = 0; i < width; i++) {
      values[i] = 0.75f + 0.5f * (float) random.nextDouble();
    }
    tensors.add(Tensor.of(name, values, width));
  }

  private void weights(String name, float range, long... shape) {
    long elements = 1;
    for (long dimension : shape) {
      elements *= dimension;
    }
    float[] values = new float[Math.toIntExact(elements)];
    for (int i = 0; i < values.length; i++) {
      values[i] = range * (2 * (float) random.nextDouble() - 1);
    }
    tensors.add(Tensor.of(name, values, shape));
  }
}
