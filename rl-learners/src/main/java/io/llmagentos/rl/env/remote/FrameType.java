package io.llmagentos.rl.env.remote;

/** The kinds of frames, with their numbers on the wire. */
enum FrameType {
  ERROR(0),
  HELLO(1),
  WELCOME(2),
  MAKE(3),
  SPACES(4),
  RESET(5),
  OBSERVATIONS(6),
  STEP(7),
  STEPPED(8),
  CLOSE(9);

  final int number;

  FrameType(int number) {
    this.number = number;
  }

  static String name(int number) {
    for (FrameType type : values()) {
      if (type.number == number) {
        return type + " (" + number + ")";
      }
    }
    return "unknown (" + number + ")";
  }
}
