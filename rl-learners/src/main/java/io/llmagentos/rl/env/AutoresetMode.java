package io.llmagentos.rl.env;

/** When a {@link VectorEnv} resets an environment whose episode ended ({@code gymnasium.vector.AutoresetMode}). */
public enum AutoresetMode {
  /** The next step ignores the action, resets, and gives reward 0 and the first observation. */
  NEXT_STEP,
  /** The same step resets: its observation is the next episode's first, the last one is the final observation. */
  SAME_STEP,
  /** Never: {@link VectorEnv#reset(boolean[], VectorStep)} is the caller's. */
  DISABLED
}
