package io.llmagentos.model.training.data;

import io.llmagentos.model.training.arguments.DataArguments;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a UTF-8 file, one at a time. A file that is empty or no text, and a line that is too long, fail with {@code DATASET_INVALID}. A byte order mark
 * is no part of the text. Not thread-safe.
 */
final class LineReader implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final Path file;
  private final int maxLineBytes;
  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;
  private long line;

  LineReader(Path file, int maxLineBytes) throws IOException {
    this.file = file;
    this.maxLineBytes = maxLineBytes;
    this.in = Files.newInputStream(file);
    if (atEnd()) {
      in.close();
      throw new AgentOsException(ErrorCode.DATASET_INVALID, file + " is empty");
    }
  }

  /** Whether there are no more lines. */
  boolean atEnd() throws IOException {
    if (position == limit) {
      position = 0;
      limit = Math.max(0, in.read(buffer));
    }
    return limit == 0;
  }

  /** The next line with its end, as it stands in the file; null: there is none. */
  @Nullable
  String next() throws IOException {
    if (atEnd()) {
      return null;
    }
    line++;
    byte[] bytes = new byte[0];
    boolean ended = false;
    while (!ended && !atEnd()) {
      int end = position;
      while (end < limit && !ended) {
        ended = buffer[end++] == '\n';
      }
      int length = bytes.length;
      if (length + end - position > maxLineBytes) {
        throw invalid("is longer than " + DataArguments.MAX_LINE_BYTES + " " + maxLineBytes);
      }
      bytes = Arrays.copyOf(bytes, length + end - position);
      System.arraycopy(buffer, position, bytes, length, end - position);
      position = end;
    }
    return text(bytes);
  }

  /** The number of the line that was read last, from 1. */
  long line() {
    return line;
  }

  private String text(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        throw invalid("has a byte 0: the file is binary, not text");
      }
    }
    boolean marked = line == 1
        && bytes.length >= BYTE_ORDER_MARK.length
        && Arrays.equals(BYTE_ORDER_MARK, Arrays.copyOf(bytes, BYTE_ORDER_MARK.length));
    int from = marked ? BYTE_ORDER_MARK.length : 0;
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, from, bytes.length - from))
          .toString();
    } catch (CharacterCodingException e) {
      throw invalid("is not UTF-8");
    }
  }

  private AgentOsException invalid(String what) {
    return new AgentOsException(
        ErrorCode.DATASET_INVALID,
        file + ":" + line + " " + what,
        DataArguments.MAX_LINE_BYTES.name());
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
