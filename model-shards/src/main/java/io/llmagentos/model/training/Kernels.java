package io.llmagentos.model.training;

import java.util.Locale;

/** Who computes float32 matrix products. Their sums differ in rounding: a training goes on bit-equal only with the same. */
public enum Kernels {
  MKL,
  ONEDNN;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The lines that bind the script's products. */
  String source(Precision precision) {
    String add = precision == Precision.BFLOAT16 ? "bfloat16" : toString();
    String product = precision == Precision.BFLOAT16 ? "mkl" : add;
    return """

        def product(x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
          return __torch__.product_%s(x, w, b)

        def add_product(g: Tensor, a: Tensor, b: Tensor) -> None:
          __torch__.add_product_%s(g, a, b)

        """.formatted(product, add);
  }
}
