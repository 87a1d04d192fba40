package io.llmagentos.rl.algorithm;

/** An {@link Option} with a value that it allows. */
public final class Setting {
  private final Option<?> option;
  private final Object value;

  Setting(Option<?> option, Object value) {
    this.option = option;
    this.value = value;
  }

  public Option<?> option() {
    return option;
  }

  public Object value() {
    return value;
  }
}
