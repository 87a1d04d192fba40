package io.llmagentos.model;

import com.typesafe.config.Config;
import io.llmagentos.model.chat.ChatReply;
import io.llmagentos.model.chat.ChatRequest;
import io.llmagentos.model.scripted.ScriptedModel;
import io.llmagentos.model.serving.LanguageModel;
import io.llmagentos.model.serving.Models;
import io.llmagentos.model.serving.TokenListener;
import io.llmagentos.node.Node;
import io.llmagentos.node.Subsystem;
import io.llmagentos.node.envelope.Context;
import io.llmagentos.node.error.AgentOsException;
import io.llmagentos.node.error.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Language models in the node. */
public final class ModelSubsystem implements Subsystem {
  @Override
  public String name() {
    return "model";
  }

  @Override
  public void start(Node node) {
    Config configured = node.config().getConfig("llmagentos.model.models");
    Map<String, LanguageModel> models = new TreeMap<>();
    for (String id : configured.root().keySet()) {
      Config model = configured.getConfig(com.typesafe.config.ConfigUtil.quoteString(id));
      models.put(
          id,
          switch (model.getString("kind")) {
            case "scripted" -> ScriptedModel.create(id, model);
            default ->
              throw new AgentOsException(
                  ErrorCode.SETTINGS_INVALID,
                  "llmagentos.model.models." + id + ".kind must be scripted, is '"
                      + model.getString("kind") + "'",
                  "llmagentos.model.models." + id);
          });
    }
    node.offer(Models.class, new LocalModels(models));
  }

  private record LocalModels(Map<String, LanguageModel> models) implements Models {
    @Override
    public List<String> ids() {
      return List.copyOf(models.keySet());
    }

    @Override
    public CompletionStage<ChatReply> chat(
        Context context, ChatRequest request, TokenListener listener) {
      LanguageModel model = models.get(request.model());
      return model == null
          ? CompletableFuture.failedFuture(new AgentOsException(
              ErrorCode.MODEL_NOT_FOUND,
              "model '" + request.model() + "' does not exist; known are " + ids(),
              "model"))
          : model.chat(request, listener);
    }
  }
}
