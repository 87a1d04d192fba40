package io.llmagentos.node.cli;

import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/** The password of the journal's own H2 database: made once, kept in the data directory, readable by its owner only. */
record JournalSecret(String password) {
  static final String USER = "agentos";
  static final String ENVIRONMENT = "AGENTOS_JOURNAL_PASSWORD";
  private static final String FILE = "journal.secret";

  static JournalSecret in(Path data) {
    var file = data.resolve(FILE);
    try {
      try {
        PrivateFile.create(file, HexFormat.of().formatHex(random()));
      } catch (FileAlreadyExistsException kept) {
        // made by an earlier start
      }
      return new JournalSecret(Files.readString(file).strip());
    } catch (IOException unusable) {
      throw new AgentOsException(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "cannot keep " + file + ": " + unusable,
          "--data",
          unusable);
    }
  }

  private static byte[] random() {
    var bytes = new byte[16];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  @Override
  public String toString() {
    return "JournalSecret[hidden]";
  }
}
