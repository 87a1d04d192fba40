package io.llmagentos.node.artifact;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory that every node sees, of files named by the hash of what is in them. A file appears whole or not at all, on the disk before its name is;
 * the same bytes put twice are one file. Whoever needs an artifact holds a lease on it; {@link #sweep} removes what nobody holds.
 *
 * <pre>
 * objects/ab/abcdef...      the bytes
 * leases/HOLDER/abcdef...   an empty file for each lease
 * incoming/                 what is being written
 * </pre>
 *
 * Thread-safe, and safe between processes. Every method blocks on the disk.
 */
public final class ArtifactStore {
  private static final int BUFFER = 1 << 16;

  private final Path objects;
  private final Path leases;
  private final Path incoming;
  private final Clock clock;

  private ArtifactStore(Path directory, Clock clock) {
    this.objects = directory.resolve("objects");
    this.leases = directory.resolve("leases");
    this.incoming = directory.resolve("incoming");
    this.clock = clock;
  }

  /** @throws AgentOsException {@code DATA_DIRECTORY_UNUSABLE} when it cannot be made or written */
  public static ArtifactStore open(Path directory, Clock clock) {
    ArtifactStore store = new ArtifactStore(directory, clock);
    try {
      Files.createDirectories(store.objects);
      Files.createDirectories(store.leases);
      Files.createDirectories(store.incoming);
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "the artifact directory " + directory + " cannot be made: " + e.getMessage(),
          "llmagentos.artifacts.directory",
          e);
    }
    return store;
  }

  /** Writes an artifact's bytes. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Store an artifact without a lease: it stays for the age of the sweep, within which whoever needs it longer leases it. */
  public ArtifactId put(byte[] bytes) {
    return put(out -> out.write(bytes));
  }

  /** As {@link #put(byte[])}, for content larger than memory. */
  public ArtifactId put(Content content) {
    return store(null, content);
  }

  /**
   * Store an artifact under a lease; it is on the disk when this returns.
   *
   * @param holder who needs it: letters, digits, {@code - _ . |}
   */
  public ArtifactId put(String holder, byte[] bytes) {
    return put(holder, out -> out.write(bytes));
  }

  /** As {@link #put(String, byte[])}, for content larger than memory. */
  public ArtifactId put(String holder, Content content) {
    return store(holder, content);
  }

  private ArtifactId store(@Nullable String holder, Content content) {
    Path temporary = incoming.resolve(UUID.randomUUID().toString());
    try {
      MessageDigest digest = sha256();
      try (OutputStream file = Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW);
          OutputStream out =
              new DigestOutputStream(new java.io.BufferedOutputStream(file, BUFFER), digest)) {
        content.writeTo(out);
      }
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      ArtifactId id = new ArtifactId(HexFormat.of().formatHex(digest.digest()));
      if (holder != null) {
        lease(holder, id);
      }
      Path shard = Files.createDirectories(shard(id));
      Files.move(temporary, path(id), StandardCopyOption.ATOMIC_MOVE);
      force(shard);
      return id;
    } catch (IOException e) {
      throw new AgentOsException(
          ErrorCode.ARTIFACT_UNWRITABLE,
          "an artifact" + (holder == null ? "" : " of " + holder) + " cannot be written below "
              + objects.getParent() + ": " + e + "; what was stored before is untouched",
          "llmagentos.artifacts.directory",
          e);
    } finally {
      deleteQuietly(temporary);
    }
  }

  public boolean contains(ArtifactId id) {
    return Files.isRegularFile(path(id));
  }

  /**
   * Read an artifact whole and check it against its hash.
   *
   * @throws AgentOsException {@code ARTIFACT_MISSING} when it is not there, {@code ARTIFACT_CORRUPT} when its bytes are others
   */
  public byte[] read(ArtifactId id) {
    try (InputStream file = Files.newInputStream(path(id))) {
      MessageDigest digest = sha256();
      byte[] bytes = new DigestInputStream(file, digest).readAllBytes();
      if (!HexFormat.of().formatHex(digest.digest()).equals(id.sha256())) {
        throw new AgentOsException(
            ErrorCode.ARTIFACT_CORRUPT,
            path(id)
                + " does not have the content that its name says; remove it and store it again");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw missing(id, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where an artifact lies, to map it; it stays while a lease is held. */
  public Path locate(ArtifactId id) {
    if (!contains(id)) {
      throw missing(id, null);
    }
    return path(id);
  }

  /** Hold an artifact that is there or is about to be. Leasing again is harmless. */
  public void lease(String holder, ArtifactId id) {
    try {
      Path directory = Files.createDirectories(leases.resolve(checked(holder)));
      Path lease = directory.resolve(id.sha256());
      if (!Files.exists(lease)) {
        Files.write(lease, new byte[0]);
        force(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void release(String holder, ArtifactId id) {
    deleteQuietly(leases.resolve(checked(holder)).resolve(id.sha256()));
  }

  /** Release everything that a holder holds. */
  public void releaseAll(String holder) {
    Path directory = leases.resolve(checked(holder));
    try (Stream<Path> held = Files.exists(directory) ? Files.list(directory) : Stream.empty()) {
      held.toList().forEach(ArtifactStore::deleteQuietly);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    deleteQuietly(directory);
  }

  /** The artifacts that a holder holds. */
  public List<ArtifactId> leased(String holder) {
    Path directory = leases.resolve(checked(holder));
    try (Stream<Path> held = Files.exists(directory) ? Files.list(directory) : Stream.empty()) {
      return held.map(lease -> new ArtifactId(lease.getFileName().toString())).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Remove artifacts without a lease and leftovers of writers that died, both older than {@code age}; returns how many. The age protects what was
   * just stored and is about to be leased by another.
   */
  public int sweep(Duration age) {
    FileTime before = FileTime.from(clock.instant().minus(age));
    int removed = 0;
    try {
      for (Path shard : list(objects)) {
        for (Path object : list(shard)) {
          if (Files.getLastModifiedTime(object).compareTo(before) < 0
              && !isLeased(object.getFileName().toString())) {
            Files.deleteIfExists(object);
            removed++;
          }
        }
      }
      for (Path leftover : list(incoming)) {
        if (Files.getLastModifiedTime(leftover).compareTo(before) < 0) {
          Files.deleteIfExists(leftover);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return removed;
  }

  private boolean isLeased(String hash) throws IOException {
    for (Path holder : list(leases)) {
      if (Files.exists(holder.resolve(hash))) {
        return true;
      }
    }
    return false;
  }

  private Path path(ArtifactId id) {
    return shard(id).resolve(id.sha256());
  }

  private Path shard(ArtifactId id) {
    return objects.resolve(id.sha256().substring(0, 2));
  }

  private AgentOsException missing(ArtifactId id, @Nullable Throwable cause) {
    return new AgentOsException(
        ErrorCode.ARTIFACT_MISSING,
        "artifact " + id + " is not below " + objects.getParent()
            + "; every node must see the same llmagentos.artifacts.directory",
        "llmagentos.artifacts.directory",
        cause);
  }

  private static String checked(String holder) {
    if (!holder.matches("[A-Za-z0-9_|-][A-Za-z0-9_.|-]{0,199}")) {
      throw new IllegalArgumentException("'" + holder + "' cannot hold artifacts: a holder has 1 to"
          + " 200 letters, digits, '-', '_', '.', '|'");
    }
    return holder;
  }

  private static List<Path> list(Path directory) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      entries.forEach(found::add);
    } catch (NoSuchFileException removed) {
      return List.of();
    }
    return found;
  }

  /** A rename is on the disk only once its directory is. */
  private static void force(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void deleteQuietly(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException kept) {
      // it is swept later
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
