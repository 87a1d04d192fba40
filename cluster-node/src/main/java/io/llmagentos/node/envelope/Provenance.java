package io.llmagentos.node.envelope;

/** Where content came from; guards decide by it. */
public enum Provenance {
  /** Typed or sent by the authenticated principal. */
  PRINCIPAL,
  /** Made by the platform itself, for example by a timer. */
  PLATFORM,
  /** Returned by a tool: data, never instructions. */
  TOOL
}
