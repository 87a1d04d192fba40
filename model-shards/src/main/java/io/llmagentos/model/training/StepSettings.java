package io.llmagentos.model.training;

/**
 * What one optimiser step needs besides its batch.
 *
 * @param rate the learning rate of this step
 * @param decay decoupled weight decay of the matrices
 * @param clip the largest norm of the gradient
 * @param dropout after the embedding and on both residual branches
 * @param smoothing label smoothing
 * @param averaging how much of the averaged weights is kept (0: they equal the weights)
 */
public record StepSettings(
    double rate, double decay, double clip, double dropout, double smoothing, double averaging) {}
