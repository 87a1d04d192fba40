package io.llmagentos.model.training.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Writes tokens into files of a limited size: a header, then numbers of two bytes each where the vocabulary allows it, else of four, little endian.
 *
 * <pre>
 * 0 "AOSTOKEN"  8 width in bytes (int)  12 shard (int)  16 whether it is the last (int)  20 0  24 tokens (long)  32 SHA-256 of the tokens  64 tokens
 * </pre>
 *
 * <p>A file has its name once it is complete; the last one is there once all are. Not thread-safe.
 */
final class TokenShardWriter implements AutoCloseable {
  static final long MAGIC = 0x4e454b4f54534f41L; // "AOSTOKEN"
  static final int HEADER_BYTES = 64;
  static final int HASH_AT = 32;
  static final int HASH_BYTES = 32;

  private static final int BUFFER_BYTES = 1 << 20;
  private static final long SHARD_TOKENS = 1L << 28;

  private final Path directory;
  private final String name;
  private final int width;
  private final long shardTokens;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private int shard;
  private long count;
  private FileChannel channel;
  private MessageDigest digest;

  /** @param vocabulary one more than the highest token */
  TokenShardWriter(Path directory, String name, int vocabulary) throws IOException {
    this(directory, name, vocabulary, SHARD_TOKENS);
  }

  TokenShardWriter(Path directory, String name, int vocabulary, long shardTokens)
      throws IOException {
    this.directory = directory;
    this.name = name;
    this.width = vocabulary <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
    this.shardTokens = shardTokens;
    for (int old = 0; Files.deleteIfExists(file(directory, name, old)); ) {
      old++; // what was written here before is not to be taken for a part of this
    }
    this.channel = open();
    this.digest = newDigest();
  }

  static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static Path file(Path directory, String name, int shard) {
    return directory.resolve("%s-%05d.tokens".formatted(name, shard));
  }

  private Path partial() {
    return directory.resolve(name + ".partial");
  }

  private FileChannel open() throws IOException {
    FileChannel opened = FileChannel.open(
        partial(),
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
    return opened.position(HEADER_BYTES);
  }

  void add(int[] tokens) throws IOException {
    for (int token : tokens) {
      add(token);
    }
  }

  void add(int token) throws IOException {
    if (count == shardTokens) {
      finish(false);
      shard++;
      count = 0;
      channel = open();
      digest = newDigest();
    }
    if (buffer.remaining() < width) {
      drain();
    }
    if (width == Short.BYTES) {
      buffer.putShort((short) token);
    } else {
      buffer.putInt(token);
    }
    count++;
  }

  /** Writes what is left. Without it there is no last file, and the tokens are not complete. */
  void finish() throws IOException {
    finish(true);
  }

  private void finish(boolean last) throws IOException {
    drain();
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(MAGIC).putInt(width).putInt(shard).putInt(last ? 1 : 0).putInt(0);
    header.putLong(count).put(digest.digest()).flip();
    while (header.hasRemaining()) {
      channel.write(header, header.position());
    }
    channel.force(true);
    channel.close();
    Files.move(
        partial(),
        file(directory, name, shard),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private void drain() throws IOException {
    buffer.flip();
    digest.update(buffer.duplicate());
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(partial());
  }
}
