package io.llmagentos.model.djl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript archive written without Python: one class without attributes, whose methods take their weights as
 * arguments. Four stored entries: the pickled (empty) object, the source, the (empty) constants and the format version.
 */
final class ScriptArchive {

  private ScriptArchive() {}

  /** The archive of {@code source}, which defines {@code className}. */
  static byte[] of(String className, String source) {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      put(zip, "data.pkl", emptyObject(className));
      put(zip, "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      put(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      put(zip, "version", "10\n".getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Pickle, protocol 2: an instance of {@code __torch__.className} with the state {training: False}. */
  private static byte[] emptyObject(String className) {
    String head = "c__torch__\n" + className + "\n)\u0081}(X\u0008\0\0\0training\u0089ub.";
    byte[] body = head.getBytes(StandardCharsets.ISO_8859_1);
    byte[] pickle = new byte[body.length + 2];
    pickle[0] = (byte) 0x80;
    pickle[1] = 2;
    System.arraycopy(body, 0, pickle, 2, body.length);
    return pickle;
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    var entry = new ZipEntry("script/" + name);
    var crc = new CRC32();
    crc.update(content);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
