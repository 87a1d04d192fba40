package io.llmagentos.model.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** GPT-2's printable stand-ins for the 256 bytes. */
public final class ByteSymbols {
  private static final char[] SYMBOLS = symbols();
  private static final Map<Integer, Integer> BYTES = bytes();

  private ByteSymbols() {}

  /** The symbol of every byte 0 to 255. */
  public static char symbol(int b) {
    return SYMBOLS[b & 0xff];
  }

  /** A text's bytes in UTF-8, a symbol each. */
  public static String of(String text) {
    StringBuilder symbols = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      symbols.append(symbol(b));
    }
    return symbols.toString();
  }

  /** The bytes that symbols stand for; what is no symbol stands for itself. */
  static byte[] bytes(String symbols) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(symbols.length());
    symbols.codePoints().forEach(c -> {
      Integer value = BYTES.get(c);
      if (value == null) {
        bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
      } else {
        bytes.write(value);
      }
    });
    return bytes.toByteArray();
  }

  private static char[] symbols() {
    char[] symbols = new char[256];
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean ascii = b >= '!' && b <= '~';
      boolean latin = b >= 0xa1 && b != 0xad;
      symbols[b] = (char) (ascii || latin ? b : next++);
    }
    return symbols;
  }

  private static Map<Integer, Integer> bytes() {
    Map<Integer, Integer> bytes = new HashMap<>();
    for (int b = 0; b < 256; b++) {
      bytes.put((int) SYMBOLS[b], b);
    }
    return bytes;
  }
}
