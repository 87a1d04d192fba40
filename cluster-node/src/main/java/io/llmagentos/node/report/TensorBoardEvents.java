package io.llmagentos.node.report;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Writes scalars as TensorBoard reads them: TFRecords of {@code Event} messages (tensorflow/core/util/event.proto). Name the file
 * {@code events.out.tfevents.SECONDS.HOST}. Not thread-safe.
 */
public final class TensorBoardEvents implements AutoCloseable {
  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int VALUE = 1;
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;

  private final OutputStream out;

  /** @param out closed with this */
  public TensorBoardEvents(OutputStream out, double wallTimeSeconds) throws IOException {
    this.out = out;
    record(message(event -> {
      event.writeDouble(WALL_TIME, wallTimeSeconds);
      event.writeString(FILE_VERSION, "brain.Event:2");
    }));
  }

  public void scalars(long step, double wallTimeSeconds, Map<String, Double> scalars)
      throws IOException {
    byte[] summary = message(values -> {
      for (Map.Entry<String, Double> scalar : scalars.entrySet()) {
        values.writeByteArray(VALUE, message(value -> {
          value.writeString(TAG, scalar.getKey());
          value.writeFloat(SIMPLE_VALUE, scalar.getValue().floatValue());
        }));
      }
    });
    record(message(event -> {
      event.writeDouble(WALL_TIME, wallTimeSeconds);
      event.writeInt64(STEP, step);
      event.writeByteArray(SUMMARY, summary);
    }));
  }

  private void record(byte[] data) throws IOException {
    byte[] length = ByteBuffer.allocate(Long.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(data.length)
        .array();
    out.write(length);
    out.write(maskedCrc(length));
    out.write(data);
    out.write(maskedCrc(data));
  }

  private static byte[] maskedCrc(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data, 0, data.length);
    int value = (int) crc.getValue();
    int masked = ((value >>> 15) | (value << 17)) + 0xa282ead8;
    return ByteBuffer.allocate(Integer.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(masked)
        .array();
  }

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream coded = CodedOutputStream.newInstance(bytes);
    fields.write(coded);
    coded.flush();
    return bytes.toByteArray();
  }

  /** The name that TensorBoard looks for. */
  public static String fileName(long seconds) {
    return "events.out.tfevents." + seconds + ".agentos";
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
