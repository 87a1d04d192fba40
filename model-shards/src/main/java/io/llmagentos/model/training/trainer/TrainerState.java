package io.llmagentos.model.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmagentos.model.training.arguments.BestModel;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How far a training is, without its tensors: Hugging Face's {@code trainer_state.json}. The place in the data and the seeds of what is drawn follow from the
 * step.
 *
 * @param step updates that were made
 * @param bestCheckpoint what saving the best evaluation's checkpoint gave; empty: it was not saved, or is the one that this state is in
 * @param lossSum of the mean losses of all steps
 * @param loggedLossSum the same at the last report
 * @param loggedStep step of the last report
 * @param logHistory what was reported, without times
 */
public record TrainerState(
    long step,
    BestModel best,
    String bestCheckpoint,
    double lossSum,
    double loggedLossSum,
    long loggedStep,
    List<JsonNode> logHistory) {
  public static final TrainerState BEGINNING =
      new TrainerState(0, BestModel.NONE, "", 0, 0, 0, List.of());

  private static final ObjectMapper JSON = new ObjectMapper();

  public TrainerState {
    logHistory = List.copyOf(logHistory);
  }

  /** The same with the best evaluation's checkpoint known. */
  public TrainerState withBestCheckpoint(String checkpoint) {
    return new TrainerState(step, best, checkpoint, lossSum, loggedLossSum, loggedStep, logHistory);
  }

  ObjectNode toJson() {
    ObjectNode json = JSON.createObjectNode().put("global_step", step);
    if (best.metric().isPresent()) {
      json.put("best_metric", best.metric().getAsDouble())
          .put("best_global_step", best.step())
          .put("early_stopping_patience_counter", best.worse());
    }
    json.put("best_model_checkpoint", bestCheckpoint)
        .put("loss_sum", lossSum)
        .put("logged_loss_sum", loggedLossSum)
        .put("logged_step", loggedStep);
    ArrayNode history = json.putArray("log_history");
    logHistory.forEach(history::add);
    return json;
  }

  /** Throws {@code CHECKPOINT_INVALID} for what is none. */
  static TrainerState of(JsonNode json) {
    if (!json.path("global_step").canConvertToLong() || !json.path("loss_sum").isNumber()) {
      throw new AgentOsException(
          ErrorCode.CHECKPOINT_INVALID,
          "the checkpoint's trainer_state.json has no global_step and loss_sum");
    }
    JsonNode metric = json.path("best_metric");
    List<JsonNode> history = new ArrayList<>();
    json.path("log_history").forEach(history::add);
    return new TrainerState(
        json.path("global_step").asLong(),
        metric.isNumber()
            ? new BestModel(
                json.path("best_global_step").asLong(),
                OptionalDouble.of(metric.asDouble()),
                json.path("early_stopping_patience_counter").asInt())
            : BestModel.NONE,
        json.path("best_model_checkpoint").asText(""),
        json.path("loss_sum").asDouble(),
        json.path("logged_loss_sum").asDouble(),
        json.path("logged_step").asLong(),
        history);
  }
}
