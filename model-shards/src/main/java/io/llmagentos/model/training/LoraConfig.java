package io.llmagentos.model.training;

import io.llmagentos.model.weights.TransformerConfig;
import java.util.List;

/**
 * A low-rank adapter (Hu et al. 2021), in PEFT's words.
 *
 * @param r its rank
 * @param loraAlpha its output is scaled by this over the rank
 * @param loraDropout of its input
 * @param targetModules names of the linear layers that get one, or their ends; {@value #ALL_LINEAR} for all but the output's; none: those of the family
 * @param modulesToSave names of modules that are learnt whole, or their ends; the head of a classifier always is
 * @param baseModelNameOrPath what is adapted; only said to whoever reads the adapter
 */
public record LoraConfig(
    int r,
    double loraAlpha,
    double loraDropout,
    List<String> targetModules,
    List<String> modulesToSave,
    String baseModelNameOrPath) {
  static final String ALL_LINEAR = "all-linear";

  public LoraConfig {
    targetModules = List.copyOf(targetModules);
    modulesToSave = List.copyOf(modulesToSave);
  }

  public LoraConfig withBaseModel(String nameOrPath) {
    return new LoraConfig(r, loraAlpha, loraDropout, targetModules, modulesToSave, nameOrPath);
  }

  /** Throws {@code SETTINGS_INVALID}, naming what the model has, when it lacks a module that is named here. */
  public void check(TransformerConfig model) {
    Adapter unused = new Adapter(model, this);
  }
}
