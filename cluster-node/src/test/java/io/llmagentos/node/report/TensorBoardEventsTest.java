package io.llmagentos.node.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TensorBoardEventsTest {
  @Test
  void shouldWriteRecordsThatTensorBoardReads() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TensorBoardEvents events = new TensorBoardEvents(bytes, 1.0)) {
      events.scalars(7, 2.0, Map.of("return", 1.5));
    }
    ByteBuffer file = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(file.getLong()).isEqualTo(24);
    // The masked CRC-32C of the length 24, as TensorFlow's own writer puts it at the head of every
    // such file.
    assertThat(HexFormat.of().toHexDigits(Integer.reverseBytes(file.getInt())))
        .isEqualTo("a37f4b22");
    byte[] version = new byte[24];
    file.get(version);
    assertThat(new String(version, java.nio.charset.StandardCharsets.ISO_8859_1))
        .endsWith("brain.Event:2");
    file.getInt();
    byte[] event = new byte[(int) file.getLong()];
    file.getInt();
    file.get(event);
    CodedInputStream in = CodedInputStream.newInstance(event);
    assertThat(WireFormat.getTagFieldNumber(in.readTag())).isEqualTo(1);
    assertThat(in.readDouble()).isEqualTo(2.0);
    assertThat(WireFormat.getTagFieldNumber(in.readTag())).isEqualTo(2);
    assertThat(in.readInt64()).isEqualTo(7);
    assertThat(WireFormat.getTagFieldNumber(in.readTag())).isEqualTo(5);
    CodedInputStream summary = CodedInputStream.newInstance(in.readByteArray());
    assertThat(WireFormat.getTagFieldNumber(summary.readTag())).isEqualTo(1);
    CodedInputStream value = CodedInputStream.newInstance(summary.readByteArray());
    value.readTag();
    assertThat(value.readString()).isEqualTo("return");
    value.readTag();
    assertThat(value.readFloat()).isEqualTo(1.5f);
    file.getInt();
    assertThat(file.hasRemaining()).isFalse();
  }
}
