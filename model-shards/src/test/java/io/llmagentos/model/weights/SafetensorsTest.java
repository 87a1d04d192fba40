package io.llmagentos.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
  private static final String CONFIG = """
      {"model_type": "gpt2", "vocab_size": 3, "n_positions": 4, "n_embd": 2, "n_layer": 1, "n_head": 1}""";

  @TempDir
  Path directory;

  @Test
  void shouldReadWhatItWrites() throws IOException {
    float[] values = {1.5f, -2, 0, Float.MIN_VALUE, 3e38f, -0.0f};
    Path file = directory.resolve("a.safetensors");
    SafetensorsWriter.write(
        file,
        List.of(Tensor.of("w", values, 2, 3), Tensor.of("scalar", new float[] {7})),
        Map.of("format", "pt"));

    try (Arena arena = Arena.ofConfined()) {
      Map<String, Tensor> read = Safetensors.read(file, arena);
      assertThat(read.keySet()).containsExactly("w", "scalar");
      assertThat(get(read, "w").shape()).containsExactly(2, 3);
      assertThat(get(read, "w").toFloats()).containsExactly(values);
      assertThat(get(read, "scalar").toFloats()).containsExactly(7);
    }
    assertThat(directory.toFile().list()).containsExactly("a.safetensors");
  }

  @Test
  void shouldWidenHalvesExactly() throws IOException {
    short[] half = {Float.floatToFloat16(0.1f), Float.floatToFloat16(-65504), 1};
    short[] brain = {(short) 0x3f80, (short) 0xc2f7, 0x0001};
    Path file = directory.resolve("a.safetensors");
    SafetensorsWriter.write(
        file,
        List.of(
            new Tensor("h", DType.F16, new long[] {3}, bytes(half), "test"),
            new Tensor("b", DType.BF16, new long[] {3}, bytes(brain), "test")),
        Map.of());

    try (Arena arena = Arena.ofConfined()) {
      Map<String, Tensor> read = Safetensors.read(file, arena);
      assertThat(get(read, "h").toFloats()).containsExactly(0.099975586f, -65504, 5.9604645e-8f);
      assertThat(get(read, "b").toFloats())
          .containsExactly(1, -123.5f, Float.intBitsToFloat(0x10000));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "no JSON | {`w`: | header that is not JSON",
        "not an object | [1] | not a JSON object",
        "twice | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'w':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}} | Duplicate",
        "trailing text | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} x | not JSON",
        "unknown dtype | {'w':{'dtype':'F31','shape':[2],'data_offsets':[0,8]}} | tensor w: dtype \"F31\" is unknown",
        "no dtype | {'w':{'shape':[2],'data_offsets':[0,8]}} | tensor w: dtype",
        "no shape | {'w':{'dtype':'F32','data_offsets':[0,8]}} | tensor w: shape is",
        "negative shape | {'w':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | tensor w: shape is [-2]",
        "fractional shape | {'w':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | tensor w: shape is [2.0]",
        "huge shape | {'w':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,8]}} | tensor w: F32[4611686018427387904,4] takes -1",
        "short | {'w':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | takes 12 bytes, data_offsets give 8",
        "out of range | {'w':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} | do not lie within the 8 bytes",
        "reversed | {'w':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}} | do not lie within",
        "one offset | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0]}} | do not lie within",
        "overlap | {'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'v':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | tensor v begins at byte 4 of the data, expected 8, where tensor w ends",
        "gap | {'w':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | begins at byte 4",
        "left over | {'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | holds 8 bytes of data, its tensors take 4",
        "entry no object | {'w':3} | tensor w"
      })
  void shouldNameWhatIsWrongWithTheHeader(String what, String header, String message)
      throws IOException {
    Path file = directory.resolve("bad.safetensors");
    byte[] text = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    write(file, text.length, text, 8);

    AgentOsException thrown = readFails(file);

    assertThat(thrown.code()).as(what).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT);
    assertThat(thrown).as(what).hasMessageContaining(message).hasMessageContaining(file.toString());
  }

  @Test
  void shouldRefuseAnEmptyFile() throws IOException {
    Path file = Files.write(directory.resolve("bad.safetensors"), new byte[5]);
    assertThat(readFails(file)).hasMessageContaining("holds 5 bytes, too short");
  }

  @ParameterizedTest
  @CsvSource({"100", "-1", "0", "9223372036854775807", "100000001"})
  void shouldRefuseAHeaderLengthBeyondTheFile(long length) throws IOException {
    Path file = directory.resolve("bad.safetensors");
    write(file, length, "{}".getBytes(StandardCharsets.UTF_8), 0);
    assertThat(readFails(file))
        .hasMessageContaining("states a header of " + Long.toUnsignedString(length) + " bytes");
  }

  @Test
  void shouldRefuseEveryTruncation() throws IOException {
    Path whole = directory.resolve("whole.safetensors");
    SafetensorsWriter.write(
        whole,
        List.of(Tensor.of("v", new float[4], 4), Tensor.of("w", new float[6], 2, 3)),
        Map.of());
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = directory.resolve("cut.safetensors");
    for (int length = 0; length < bytes.length; length++) {
      Files.write(cut, Arrays.copyOf(bytes, length));
      assertThat(readFails(cut).code())
          .as("%s bytes", length)
          .isEqualTo(ErrorCode.MODEL_FILE_CORRUPT);
    }
  }

  @Test
  void shouldNameAMissingFile() throws IOException {
    AgentOsException noConfig = openFails();
    assertThat(noConfig.code()).isEqualTo(ErrorCode.MODEL_FILE_MISSING);
    assertThat(noConfig).hasMessageContaining("config.json does not exist");

    Files.writeString(directory.resolve("config.json"), CONFIG);
    AgentOsException noWeights = openFails();
    assertThat(noWeights.code()).isEqualTo(ErrorCode.MODEL_FILE_MISSING);
    assertThat(noWeights).hasMessageContaining("neither model.safetensors nor");

    writeIndex("{'weight_map': {'w': 'model-00001-of-00001.safetensors'}}");
    AgentOsException noShard = openFails();
    assertThat(noShard.code()).isEqualTo(ErrorCode.MODEL_FILE_MISSING);
    assertThat(noShard).hasMessageContaining("model-00001-of-00001.safetensors does not exist");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'weight_map': {'x': 'model-1.safetensors'}} | model-1.safetensors has no tensor x",
        "{'weight_map': {'w': '../model-1.safetensors'}} | tensor w lies in \"../model-1.safetensors\"",
        "{'weight_map': {'w': 3}} | tensor w lies in 3",
        "{'map': {}} | weight_map must be an object, is missing",
        "{'weight_map': | is not JSON",
        "[] | not a JSON object"
      })
  void shouldNameWhatIsWrongWithTheIndex(String index, String message) throws IOException {
    Files.writeString(directory.resolve("config.json"), CONFIG);
    SafetensorsWriter.write(
        directory.resolve("model-1.safetensors"),
        List.of(Tensor.of("w", new float[1], 1)),
        Map.of());
    writeIndex(index);

    AgentOsException thrown = openFails();

    assertThat(thrown.code()).isEqualTo(ErrorCode.MODEL_FILE_CORRUPT);
    assertThat(thrown).hasMessageContaining(message);
  }

  @Test
  void shouldNameTensorFoundAndExpected() throws IOException {
    Files.writeString(directory.resolve("config.json"), CONFIG);
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"),
        List.of(
            Tensor.of("w", new float[6], 2, 3),
            new Tensor("i", DType.I64, new long[] {1}, MemorySegment.ofArray(new byte[8]), "test")),
        Map.of());
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.tensor("w", 2, 3).elements()).isEqualTo(6);
      assertThat(checkpoint.version()).matches("[0-9a-f]{64}");
      assertThat(fails(() -> checkpoint.tensor("w", 3, 2)))
          .hasMessageContaining("tensor w has shape [2, 3], config.json asks for [3, 2]");
      assertThat(fails(() -> checkpoint.tensor("v", 3)))
          .hasMessageContaining("has no tensor v, expected one of shape [3]");
      assertThat(fails(() -> checkpoint.tensor("i", 1)))
          .hasMessageContaining("tensor i has dtype I64, expected F32, F16 or BF16");
    }
  }

  private static Tensor get(Map<String, Tensor> tensors, String name) {
    return Objects.requireNonNull(tensors.get(name));
  }

  private AgentOsException openFails() {
    return fails(() -> Checkpoint.open(directory));
  }

  private static AgentOsException readFails(Path file) {
    return fails(() -> {
      try (Arena arena = Arena.ofConfined()) {
        Safetensors.read(file, arena);
      }
    });
  }

  private static AgentOsException fails(ThrowingCallable call) {
    AgentOsException thrown = catchThrowableOfType(AgentOsException.class, call);
    assertThat(thrown).isNotNull();
    return thrown;
  }

  private void writeIndex(String json) throws IOException {
    Files.writeString(directory.resolve("model.safetensors.index.json"), json.replace('\'', '"'));
  }

  private static void write(Path file, long length, byte[] header, int data) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + data).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file, bytes.putLong(length).put(header).array());
  }

  private static MemorySegment bytes(short[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (short value : values) {
      bytes.putShort(value);
    }
    return MemorySegment.ofArray(bytes.array());
  }
}
