package io.llmagentos.model.weights;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Map;

/** Writes one safetensors file: complete under its name or not at all. */
public final class SafetensorsWriter {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int HEADER_ALIGNMENT = 8;
  private static final int COPY_BYTES = 1 << 20;

  private SafetensorsWriter() {}

  /** Write {@code tensors} in their order and their stored width, with {@code metadata} as {@code __metadata__}. */
  public static void write(Path file, Collection<Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    try (FileChannel channel = FileChannel.open(
        partial,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE)) {
      writeFully(channel, header(tensors, metadata));
      ByteBuffer buffer = ByteBuffer.allocate(COPY_BYTES);
      for (Tensor tensor : tensors) {
        for (long from = 0; from < tensor.data().byteSize(); from += COPY_BYTES) {
          int length = (int) Math.min(COPY_BYTES, tensor.data().byteSize() - from);
          MemorySegment.copy(tensor.data(), ValueLayout.JAVA_BYTE, from, buffer.array(), 0, length);
          writeFully(channel, buffer.clear().limit(length));
        }
      }
      channel.force(true);
    }
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static ByteBuffer header(Collection<Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    ObjectNode json = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      metadata.forEach(json.putObject("__metadata__")::put);
    }
    long offset = 0;
    for (Tensor tensor : tensors) {
      if (json.has(tensor.name())) {
        throw new IllegalArgumentException("tensor " + tensor.name() + " is given twice");
      }
      ObjectNode entry =
          json.putObject(tensor.name()).put("dtype", tensor.dtype().name());
      for (long dimension : tensor.shape()) {
        entry.withArray("shape").add(dimension);
      }
      if (tensor.shape().length == 0) {
        entry.putArray("shape");
      }
      long end = offset + tensor.data().byteSize();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] text = JSON.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    int length = Math.ceilDiv(text.length, HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
    ByteBuffer header = ByteBuffer.allocate(Long.BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(length).put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
