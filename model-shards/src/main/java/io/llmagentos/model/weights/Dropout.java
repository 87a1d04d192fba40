package io.llmagentos.model.weights;

/**
 * How likely a value is left out in training, by its place.
 *
 * @param embedding of the embedded tokens
 * @param residual of what a layer adds
 * @param attention of the attention's weights
 * @param output of what the classifier reads
 */
public record Dropout(double embedding, double residual, double attention, double output) {
  public static final Dropout NONE = new Dropout(0, 0, 0, 0);
}
