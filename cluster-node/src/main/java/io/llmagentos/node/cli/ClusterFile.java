package io.llmagentos.node.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code cluster.json} in the data directory: which processes make up the cluster now. Replaced atomically. */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ClusterFile(
    @JsonProperty("base_port") int basePort,
    @JsonProperty("supervisor_pid") long supervisorPid,
    List<NodeEntry> nodes,
    @Nullable DatabaseEntry database) {
  static final String NAME = "cluster.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A node; {@code pid} is absent while it is down. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record NodeEntry(
      int index,
      @Nullable Long pid,
      String door,
      String management,
      @JsonProperty("artery_port") int arteryPort,
      boolean up) {}

  record DatabaseEntry(long pid, int port) {}

  ClusterFile {
    nodes = List.copyOf(nodes);
  }

  static NodeEntry node(PortPlan ports, int index, @Nullable Long pid, boolean up) {
    return new NodeEntry(
        index,
        pid,
        "http://" + PortPlan.HOST + ":" + ports.door(index),
        "http://" + PortPlan.HOST + ":" + ports.management(index),
        ports.artery(index),
        up);
  }

  void write(Path data) throws IOException {
    var fresh = data.resolve(NAME + ".tmp");
    Files.write(fresh, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
    Files.move(
        fresh,
        data.resolve(NAME),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  static ClusterFile read(Path data) throws IOException {
    return JSON.readValue(data.resolve(NAME).toFile(), ClusterFile.class);
  }
}
