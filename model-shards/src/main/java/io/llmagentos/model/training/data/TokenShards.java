package io.llmagentos.model.training.data;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Tokens in files as {@link TokenShardWriter} writes them, mapped into memory. Thread-safe until it is closed. */
final class TokenShards implements AutoCloseable {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int WIDTH_AT = 8;
  private static final int SHARD_AT = 12;
  private static final int LAST_AT = 16;
  private static final int COUNT_AT = 24;
  private static final int VERIFY_BYTES = 1 << 20;

  private final Arena arena = Arena.ofShared();
  private final List<Path> files = new ArrayList<>();
  private final List<MemorySegment> shards = new ArrayList<>();
  private int width;
  private long shardTokens;
  private long size;

  private TokenShards() {}

  /** Maps all files of the name and reads them once. Throws {@code DATASET_INVALID} for one that is missing, not whole, or not what was written. */
  static TokenShards open(Path directory, String name) throws IOException {
    TokenShards tokens = new TokenShards();
    try {
      boolean last = false;
      for (int shard = 0; !last; shard++) {
        last = tokens.map(TokenShardWriter.file(directory, name, shard), shard);
      }
      tokens.verify();
      return tokens;
    } catch (IOException | RuntimeException e) {
      tokens.close();
      throw e;
    }
  }

  private boolean map(Path file, int shard) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new AgentOsException(
          ErrorCode.DATASET_INVALID, file + " does not exist: the tokens are not complete");
    }
    MemorySegment segment;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      segment = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
    if (segment.byteSize() < TokenShardWriter.HEADER_BYTES
        || segment.get(LONG, 0) != TokenShardWriter.MAGIC
        || segment.get(INT, SHARD_AT) != shard) {
      throw corrupt(file, "is no token file number " + shard);
    }
    long count = segment.get(LONG, COUNT_AT);
    width = segment.get(INT, WIDTH_AT);
    long bytes = TokenShardWriter.HEADER_BYTES + count * width;
    if (segment.byteSize() != bytes) {
      throw corrupt(file, "has " + segment.byteSize() + " bytes, its header says " + bytes);
    }
    if (shard == 0) {
      shardTokens = Math.max(1, count);
    }
    files.add(file);
    shards.add(segment);
    size += count;
    return segment.get(INT, LAST_AT) == 1;
  }

  long size() {
    return size;
  }

  /** The token at an index. */
  int get(long index) {
    MemorySegment shard = shards.get(Math.toIntExact(index / shardTokens));
    long at = TokenShardWriter.HEADER_BYTES + index % shardTokens * width;
    return width == Short.BYTES ? Short.toUnsignedInt(shard.get(SHORT, at)) : shard.get(INT, at);
  }

  /** Tokens from an index on. */
  int[] get(long from, int length) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = get(from + i);
    }
    return tokens;
  }

  /** What all the tokens are, as 64 hexadecimal digits. */
  String hash() {
    MessageDigest digest = TokenShardWriter.newDigest();
    shards.forEach(shard -> digest.update(saidHash(shard)));
    return HexFormat.of().formatHex(digest.digest());
  }

  private static byte[] saidHash(MemorySegment shard) {
    return shard
        .asSlice(TokenShardWriter.HASH_AT, TokenShardWriter.HASH_BYTES)
        .toArray(ValueLayout.JAVA_BYTE);
  }

  private void verify() {
    byte[] chunk = new byte[VERIFY_BYTES];
    for (int i = 0; i < shards.size(); i++) {
      MemorySegment shard = shards.get(i);
      MessageDigest digest = TokenShardWriter.newDigest();
      for (long from = TokenShardWriter.HEADER_BYTES; from < shard.byteSize(); ) {
        int length = (int) Math.min(chunk.length, shard.byteSize() - from);
        MemorySegment.copy(shard, ValueLayout.JAVA_BYTE, from, chunk, 0, length);
        digest.update(chunk, 0, length);
        from += length;
      }
      if (!MessageDigest.isEqual(saidHash(shard), digest.digest())) {
        throw corrupt(files.get(i), "does not have the hash that its header says");
      }
    }
  }

  private static AgentOsException corrupt(Path file, String what) {
    return new AgentOsException(ErrorCode.DATASET_INVALID, file + " " + what);
  }

  @Override
  public void close() {
    arena.close();
  }
}
