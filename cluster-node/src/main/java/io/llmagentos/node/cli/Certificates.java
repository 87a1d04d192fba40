package io.llmagentos.node.cli;

import io.llmagentos.node.NodeSettings;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of a cluster on one machine: an authority of its own, made once and kept below the data directory, and a certificate that it
 * signed for each node. Made by the JDK's {@code keytool}; written as PEM, readable by their owner only. Whoever has no certificate of this
 * authority cannot join.
 */
final class Certificates {
  /** Nodes take each other's certificates only under a common name. */
  private static final String SUBJECT = "CN=agentos";

  private static final String AUTHORITY = "authority";
  private static final int DAYS = 3650;
  private static final Duration RENEW_BEFORE = Duration.ofDays(30);
  private static final Duration KEYTOOL_LIMIT = Duration.ofSeconds(60);

  private final Path directory;
  private final String password;

  private Certificates(Path directory, String password) {
    this.directory = directory;
    this.password = password;
  }

  /** Find or make the authority below the data directory. */
  static Certificates in(Path data) {
    var directory = data.resolve("tls");
    try {
      PrivateFile.directory(directory);
      var secret = directory.resolve("keystore.secret");
      try {
        PrivateFile.create(secret, UUID.randomUUID().toString());
      } catch (FileAlreadyExistsException kept) {
        // made by an earlier start
      }
      var certificates = new Certificates(directory, Files.readString(secret).strip());
      certificates.make(AUTHORITY, "CN=agentos authority", List.of("-ext", "bc:critical=ca:true"));
      PrivateFile.replace(
          directory.resolve("ca.crt"), pem("CERTIFICATE", certificates.encoded(AUTHORITY)));
      return certificates;
    } catch (IOException | GeneralSecurityException failed) {
      throw unusable(directory, failed);
    }
  }

  /** Find or make a node's certificate; one that soon expires is made anew. */
  NodeSettings.Tls node(int node) {
    var alias = "node-" + node;
    var certificate = directory.resolve(alias + ".crt");
    var key = directory.resolve(alias + ".key");
    try {
      make(
          alias,
          SUBJECT,
          List.of(
              "-signer",
              AUTHORITY,
              "-ext",
              "san=dns:agentos,dns:localhost,ip:" + PortPlan.HOST,
              "-ext",
              "eku=serverAuth,clientAuth"));
      PrivateFile.replace(certificate, pem("CERTIFICATE", encoded(alias)));
      PrivateFile.replace(key, pem("PRIVATE KEY", key(alias)));
    } catch (IOException | GeneralSecurityException failed) {
      throw unusable(directory, failed);
    }
    return new NodeSettings.Tls(
        certificate.toString(), key.toString(), directory.resolve("ca.crt").toString());
  }

  private void make(String alias, String subject, List<String> extensions)
      throws IOException, GeneralSecurityException {
    if (Files.exists(store())) {
      var known = certificate(alias);
      if (known != null
          && known.getNotAfter().toInstant().isAfter(Instant.now().plus(RENEW_BEFORE))) {
        return;
      }
      if (known != null) {
        keytool(List.of("-delete", "-alias", alias));
      }
    }
    var command = new ArrayList<>(List.of(
        "-genkeypair",
        "-alias",
        alias,
        "-dname",
        subject,
        "-keyalg",
        "RSA",
        "-keysize",
        "3072",
        "-validity",
        Integer.toString(DAYS)));
    command.addAll(extensions);
    keytool(command);
    PrivateFile.restrict(store());
  }

  private void keytool(List<String> arguments) throws IOException {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    line.addAll(arguments);
    line.addAll(
        List.of("-keystore", store().toString(), "-storetype", "PKCS12", "-storepass:env", "PASS"));
    var builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().put("PASS", password);
    var process = builder.start();
    process.getOutputStream().close();
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      if (!process.waitFor(KEYTOOL_LIMIT.toSeconds(), TimeUnit.SECONDS)
          || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IOException("keytool " + arguments.getFirst() + " failed: " + said);
      }
    } catch (InterruptedException ended) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", ended);
    }
  }

  private Path store() {
    return directory.resolve("keystore.p12");
  }

  private KeyStore open() throws IOException, GeneralSecurityException {
    var keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store())) {
      keys.load(in, password.toCharArray());
    }
    return keys;
  }

  private @Nullable X509Certificate certificate(String alias)
      throws IOException, GeneralSecurityException {
    return (X509Certificate) open().getCertificate(alias);
  }

  private byte[] encoded(String alias) throws IOException, GeneralSecurityException {
    return Objects.requireNonNull(certificate(alias), alias).getEncoded();
  }

  private byte[] key(String alias) throws IOException, GeneralSecurityException {
    return Objects.requireNonNull(open().getKey(alias, password.toCharArray()), alias)
        .getEncoded();
  }

  private static AgentOsException unusable(Path directory, Exception failed) {
    return new AgentOsException(
        ErrorCode.DATA_DIRECTORY_UNUSABLE,
        "cannot keep certificates in " + directory + ": " + failed.getMessage()
            + "; give your own by llmagentos.node.tls",
        "--data",
        failed);
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN " + kind + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind
        + "-----\n";
  }
}
