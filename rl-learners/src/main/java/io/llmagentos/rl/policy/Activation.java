package io.llmagentos.rl.policy;

/** What follows a hidden layer. */
public enum Activation {
  TANH,
  RELU
}
