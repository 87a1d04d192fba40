package io.llmagentos.model.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.weights.SafetensorsWriter;
import io.llmagentos.model.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A decoder's weights as Hugging Face reads them: model.safetensors in bfloat16 with the names of LlamaForCausalLM, and
 * config.json. The joint matrices of the decoder (qkv; gate and up) are stored apart.
 */
public final class DecoderFiles {
  private static final ObjectMapper JSON = new ObjectMapper();

  private DecoderFiles() {}

  public static void write(
      Path directory, DecoderShape shape, List<float[]> parameters, int pad, int end)
      throws IOException {
    Files.createDirectories(directory);
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"), tensors(shape, parameters), Map.of("format", "pt"));
    ObjectNode config = JSON.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config
        .put("model_type", "llama")
        .put("hidden_size", shape.width())
        .put("intermediate_size", shape.inner())
        .put("num_hidden_layers", shape.layers())
        .put("num_attention_heads", shape.heads())
        .put("num_key_value_heads", shape.heads())
        .put("head_dim", shape.headSize())
        .put("hidden_act", "silu")
        .put("max_position_embeddings", shape.maxTokens())
        .put("rms_norm_eps", DecoderShape.EPSILON)
        .put("rope_theta", DecoderShape.ROPE_THETA)
        .putNull("rope_scaling")
        .put("attention_bias", false)
        .put("mlp_bias", false)
        .put("attention_dropout", 0.0)
        .put("initializer_range", 0.02)
        .put("tie_word_embeddings", true)
        .put("use_cache", true)
        .put("vocab_size", shape.vocabulary())
        .putNull("bos_token_id")
        .put("eos_token_id", end)
        .put("pad_token_id", pad)
        .put("torch_dtype", "bfloat16");
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(directory.resolve("config.json").toFile(), config);
  }

  /** The file's tensors, in its order. */
  private static List<Tensor> tensors(DecoderShape shape, List<float[]> parameters) {
    int d = shape.width();
    int f = shape.inner();
    var tensors = new ArrayList<Tensor>();
    tensors.add(
        Tensor.bfloat16("model.embed_tokens.weight", parameters.get(0), 0, shape.vocabulary(), d));
    for (int i = 0; i < shape.layers(); i++) {
      String layer = "model.layers." + i + ".";
      float[] qkv = parameters.get(1 + 4 * i);
      float[] gateUp = parameters.get(3 + 4 * i);
      int norms = 1 + 4 * shape.layers() + 2 * i;
      tensors.add(Tensor.bfloat16(layer + "input_layernorm.weight", parameters.get(norms), 0, d));
      tensors.add(Tensor.bfloat16(layer + "self_attn.q_proj.weight", qkv, 0, d, d));
      tensors.add(Tensor.bfloat16(layer + "self_attn.k_proj.weight", qkv, d * d, d, d));
      tensors.add(Tensor.bfloat16(layer + "self_attn.v_proj.weight", qkv, 2 * d * d, d, d));
      tensors.add(
          Tensor.bfloat16(layer + "self_attn.o_proj.weight", parameters.get(2 + 4 * i), 0, d, d));
      tensors.add(Tensor.bfloat16(
          layer + "post_attention_layernorm.weight", parameters.get(norms + 1), 0, d));
      tensors.add(Tensor.bfloat16(layer + "mlp.gate_proj.weight", gateUp, 0, f, d));
      tensors.add(Tensor.bfloat16(layer + "mlp.up_proj.weight", gateUp, f * d, f, d));
      tensors.add(
          Tensor.bfloat16(layer + "mlp.down_proj.weight", parameters.get(4 + 4 * i), 0, d, f));
    }
    tensors.add(Tensor.bfloat16("model.norm.weight", parameters.getLast(), 0, d));
    return tensors;
  }
}
