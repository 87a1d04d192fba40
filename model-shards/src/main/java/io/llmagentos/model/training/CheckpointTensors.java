package io.llmagentos.model.training;

import io.llmagentos.model.weights.Tensor;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.Arrays;
import java.util.Map;

/** Tensors of a checkpoint against those that are expected. */
final class CheckpointTensors {
  private CheckpointTensors() {}

  static void require(Map<String, Tensor> found, Tensor expected) {
    Tensor tensor = found.get(expected.name());
    if (tensor == null) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint has no tensor " + expected.name() + ", expected one of shape "
              + Arrays.toString(expected.shape()));
    }
    if (!Arrays.equals(tensor.shape(), expected.shape()) || tensor.dtype() != expected.dtype()) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint's tensor " + expected.name() + " is "
              + tensor.dtype() + Arrays.toString(tensor.shape()) + ", expected " + expected.dtype()
              + Arrays.toString(expected.shape()));
    }
  }
}
