package io.llmagentos.model.weights;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One safetensors file, mapped: a little-endian header length, a JSON header of names, types, shapes and byte ranges, then the tensors. The ranges
 * must tile the data exactly, as the published layout demands; anything else is refused as corrupt before a tensor is read.
 */
final class Safetensors {
  private static final long MAX_HEADER_BYTES = 100_000_000;
  private static final JsonMapper JSON = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .build();

  private final Path file;
  private final MemorySegment bytes;

  private Safetensors(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /** The tensors of {@code file} by name, mapped for as long as {@code arena} lives. */
  static Map<String, Tensor> read(Path file, Arena arena) {
    if (!Files.isRegularFile(file)) {
      throw new AgentOsException(ErrorCode.MODEL_FILE_MISSING, file + " does not exist");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new Safetensors(file, bytes).tensors();
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT, file + " cannot be read: " + e.getMessage(), null, e);
    }
  }

  private Map<String, Tensor> tensors() {
    if (bytes.byteSize() < Long.BYTES) {
      throw corrupt(
          "holds " + bytes.byteSize() + " bytes, too short for the header length of 8 bytes");
    }
    long header = bytes.get(JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
    if (header < 2 || header > MAX_HEADER_BYTES || header > bytes.byteSize() - Long.BYTES) {
      throw corrupt("states a header of " + Long.toUnsignedString(header) + " bytes, but holds "
          + (bytes.byteSize() - Long.BYTES) + " after the length (limit " + MAX_HEADER_BYTES + ")");
    }
    MemorySegment data = bytes.asSlice(Long.BYTES + header);
    List<Range> ranges = new ArrayList<>();
    parse(header).properties().forEach(entry -> {
      if (!entry.getKey().equals("__metadata__")) {
        ranges.add(range(entry.getKey(), entry.getValue(), data.byteSize()));
      }
    });
    requireTiled(ranges, data.byteSize());
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Range range : ranges) {
      MemorySegment slice = data.asSlice(range.begin, range.end - range.begin);
      tensors.put(
          range.name, new Tensor(range.name, range.dtype, range.shape, slice, file.toString()));
    }
    return tensors;
  }

  private JsonNode parse(long length) {
    String text =
        new String(bytes.asSlice(Long.BYTES, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
    try {
      JsonNode header = JSON.readTree(text);
      if (!header.isObject()) {
        throw corrupt("has a header that is not a JSON object but " + header.getNodeType());
      }
      return header;
    } catch (JsonProcessingException e) {
      throw new AgentOsException(
          ErrorCode.MODEL_FILE_CORRUPT,
          file + " has a header that is not JSON: " + e.getOriginalMessage(),
          null,
          e);
    }
  }

  private Range range(String name, JsonNode entry, long dataBytes) {
    DType dtype = DType.named(entry.path("dtype").asText())
        .orElseThrow(() -> corrupt("tensor " + name + ": dtype " + entry.path("dtype")
            + " is unknown, expected one of " + List.of(DType.values())));
    long[] shape = longs(name, entry, "shape");
    long[] offsets = longs(name, entry, "data_offsets");
    if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes) {
      throw corrupt("tensor " + name + ": data_offsets " + entry.path("data_offsets")
          + " do not lie within the " + dataBytes + " bytes of data; the file may be truncated");
    }
    Range range = new Range(name, dtype, shape, offsets[0], offsets[1]);
    if (range.expectedBytes() != offsets[1] - offsets[0]) {
      throw corrupt("tensor " + name + ": " + dtype + entry.path("shape") + " takes "
          + range.expectedBytes() + " bytes, data_offsets give " + (offsets[1] - offsets[0]));
    }
    return range;
  }

  private long[] longs(String name, JsonNode entry, String key) {
    JsonNode array = entry.path(key);
    boolean valid = array.isArray();
    for (JsonNode value : array) {
      valid &= value.isIntegralNumber() && value.canConvertToLong() && value.asLong() >= 0;
    }
    if (!valid) {
      throw corrupt("tensor " + name + ": " + key + " is " + array
          + ", expected an array of integers of 0 or more");
    }
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asLong();
    }
    return values;
  }

  private void requireTiled(List<Range> ranges, long dataBytes) {
    List<Range> ordered = new ArrayList<>(ranges);
    ordered.sort(Comparator.comparingLong(Range::begin).thenComparingLong(Range::end));
    long end = 0;
    String before = "the header";
    for (Range range : ordered) {
      if (range.begin != end) {
        throw corrupt(
            "tensor " + range.name + " begins at byte " + range.begin + " of the data, expected "
                + end + ", where " + before + " ends: tensors must neither overlap nor leave gaps");
      }
      end = range.end;
      before = "tensor " + range.name;
    }
    if (end != dataBytes) {
      throw corrupt("holds " + dataBytes + " bytes of data, its tensors take " + end);
    }
  }

  private AgentOsException corrupt(String what) {
    return new AgentOsException(ErrorCode.MODEL_FILE_CORRUPT, file + " " + what);
  }

  private record Range(String name, DType dtype, long[] shape, long begin, long end) {
    /** -1 when the product does not fit a long. */
    long expectedBytes() {
      try {
        return Math.multiplyExact(Tensor.elements(shape), dtype.bytes());
      } catch (ArithmeticException e) {
        return -1;
      }
    }
  }
}
