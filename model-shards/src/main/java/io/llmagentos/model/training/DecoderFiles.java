package io.llmagentos.model.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A decoder's weights as Hugging Face reads them: model.safetensors in bfloat16 with the names of LlamaForCausalLM, and
 * config.json. The joint matrices of the decoder (qkv; gate and up) are stored apart.
 */
public final class DecoderFiles {
  private static final ObjectMapper JSON = new ObjectMapper();

  private DecoderFiles() {}

  private record Entry(int rows, int columns, float[] values) {}

  public static void write(
      Path directory, DecoderShape shape, List<float[]> parameters, int pad, int end)
      throws IOException {
    Files.createDirectories(directory);
    writeWeights(directory.resolve("model.safetensors"), shape, parameters);
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

  public static Decoder read(Path directory) throws IOException {
    JsonNode config = JSON.readTree(directory.resolve("config.json").toFile());
    var shape = new DecoderShape(
        config.get("vocab_size").asInt(),
        config.get("hidden_size").asInt(),
        config.get("num_hidden_layers").asInt(),
        config.get("num_attention_heads").asInt(),
        config.get("intermediate_size").asInt(),
        config.get("max_position_embeddings").asInt());
    return new Decoder(shape, readWeights(directory.resolve("model.safetensors"), shape));
  }

  /** The file's tensors, in the order of the file: rows of the decoder's parameters. */
  private static Map<String, Entry> entries(DecoderShape shape, List<float[]> parameters) {
    int d = shape.width();
    int f = shape.inner();
    var entries = new LinkedHashMap<String, Entry>();
    entries.put("model.embed_tokens.weight", new Entry(shape.vocabulary(), d, parameters.get(0)));
    for (int i = 0; i < shape.layers(); i++) {
      String layer = "model.layers." + i + ".";
      float[] qkv = parameters.get(1 + 4 * i);
      float[] gateUp = parameters.get(3 + 4 * i);
      int norms = 1 + 4 * shape.layers() + 2 * i;
      entries.put(layer + "input_layernorm.weight", new Entry(d, 0, parameters.get(norms)));
      entries.put(
          layer + "self_attn.q_proj.weight", new Entry(d, d, Arrays.copyOfRange(qkv, 0, d * d)));
      entries.put(
          layer + "self_attn.k_proj.weight",
          new Entry(d, d, Arrays.copyOfRange(qkv, d * d, 2 * d * d)));
      entries.put(
          layer + "self_attn.v_proj.weight",
          new Entry(d, d, Arrays.copyOfRange(qkv, 2 * d * d, 3 * d * d)));
      entries.put(layer + "self_attn.o_proj.weight", new Entry(d, d, parameters.get(2 + 4 * i)));
      entries.put(
          layer + "post_attention_layernorm.weight", new Entry(d, 0, parameters.get(norms + 1)));
      entries.put(
          layer + "mlp.gate_proj.weight", new Entry(f, d, Arrays.copyOfRange(gateUp, 0, f * d)));
      entries.put(
          layer + "mlp.up_proj.weight",
          new Entry(f, d, Arrays.copyOfRange(gateUp, f * d, 2 * f * d)));
      entries.put(layer + "mlp.down_proj.weight", new Entry(d, f, parameters.get(4 + 4 * i)));
    }
    entries.put("model.norm.weight", new Entry(d, 0, parameters.getLast()));
    return entries;
  }

  private static void writeWeights(Path file, DecoderShape shape, List<float[]> parameters)
      throws IOException {
    Map<String, Entry> entries = entries(shape, parameters);
    ObjectNode header = JSON.createObjectNode();
    header.putObject("__metadata__").put("format", "pt");
    int offset = 0;
    for (Map.Entry<String, Entry> named : entries.entrySet()) {
      Entry entry = named.getValue();
      ObjectNode node = header.putObject(named.getKey()).put("dtype", "BF16");
      var dimensions = node.putArray("shape").add(entry.rows());
      if (entry.columns() > 0) {
        dimensions.add(entry.columns());
      }
      int bytes = entry.values().length * 2;
      node.putArray("data_offsets").add(offset).add(offset + bytes);
      offset += bytes;
    }
    byte[] text = JSON.writeValueAsBytes(header);
    int padded = (text.length + 63) / 64 * 64;
    ByteBuffer out = ByteBuffer.allocate(8 + padded + offset).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(padded).put(text);
    while (out.position() < 8 + padded) {
      out.put((byte) ' ');
    }
    for (Entry entry : entries.values()) {
      for (float value : entry.values()) {
        out.putShort(bfloat16(value));
      }
    }
    Files.write(file, out.array());
  }

  private static List<float[]> readWeights(Path file, DecoderShape shape) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = Math.toIntExact(in.getLong());
    JsonNode header = JSON.readTree(new String(in.array(), 8, length, StandardCharsets.UTF_8));
    var parameters = new ArrayList<float[]>();
    parameters.add(tensor(in, header, 8 + length, "model.embed_tokens.weight"));
    for (int i = 0; i < shape.layers(); i++) {
      String layer = "model.layers." + i + ".";
      parameters.add(joined(
          tensor(in, header, 8 + length, layer + "self_attn.q_proj.weight"),
          tensor(in, header, 8 + length, layer + "self_attn.k_proj.weight"),
          tensor(in, header, 8 + length, layer + "self_attn.v_proj.weight")));
      parameters.add(tensor(in, header, 8 + length, layer + "self_attn.o_proj.weight"));
      parameters.add(joined(
          tensor(in, header, 8 + length, layer + "mlp.gate_proj.weight"),
          tensor(in, header, 8 + length, layer + "mlp.up_proj.weight")));
      parameters.add(tensor(in, header, 8 + length, layer + "mlp.down_proj.weight"));
    }
    for (int i = 0; i < shape.layers(); i++) {
      String layer = "model.layers." + i + ".";
      parameters.add(tensor(in, header, 8 + length, layer + "input_layernorm.weight"));
      parameters.add(tensor(in, header, 8 + length, layer + "post_attention_layernorm.weight"));
    }
    parameters.add(tensor(in, header, 8 + length, "model.norm.weight"));
    return parameters;
  }

  private static float[] tensor(ByteBuffer in, JsonNode header, int data, String name) {
    JsonNode offsets = header.get(name).get("data_offsets");
    int from = offsets.get(0).asInt();
    float[] values = new float[(offsets.get(1).asInt() - from) / 2];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(in.getShort(data + from + 2 * i) << 16);
    }
    return values;
  }

  private static float[] joined(float[]... parts) {
    float[] all = new float[Arrays.stream(parts).mapToInt(p -> p.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  /** Rounds to the nearest bfloat16, ties to even. */
  static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
