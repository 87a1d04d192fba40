class Optimizer(Module):
  __parameters__ = []
  __buffers__ = []
  # One step on the gradient times scale, whose norm is limited; the gradient is zero afterwards. Returns the norm; unless it is finite nothing else changes.
  # d: parts that decay, p: parts that do not; g, m, v: gradient and moments of each. c: scale, limit (0: none), rate, beta1, beta2, epsilon, decay, step (from 1).
  def adamw(self: __torch__.Optimizer, d: List[Tensor], p: List[Tensor], gd: List[Tensor], gp: List[Tensor], md: List[Tensor], mp: List[Tensor], vd: List[Tensor], vp: List[Tensor], c: Tensor) -> List[Tensor]:
    norm = (self).clip(gd, gp, float(c[0]), float(c[1]), )
    if bool(torch.isfinite(norm)):
      rate = float(c[2])
      step = [torch.to(c[7], 6)]
      torch._fused_adamw_(d, gd, md, vd, annotate(List[Tensor], []), step, lr=rate, beta1=float(c[3]), beta2=float(c[4]), weight_decay=float(c[6]), eps=float(c[5]), amsgrad=False, maximize=False)
      torch._fused_adamw_(p, gp, mp, vp, annotate(List[Tensor], []), step, lr=rate, beta1=float(c[3]), beta2=float(c[4]), weight_decay=0., eps=float(c[5]), amsgrad=False, maximize=False)
    torch._foreach_zero_(gd)
    torch._foreach_zero_(gp)
    return [norm]
  # The same without second moments and decay. c: scale, limit, rate, momentum.
  def sgd(self: __torch__.Optimizer, d: List[Tensor], p: List[Tensor], gd: List[Tensor], gp: List[Tensor], md: List[Tensor], mp: List[Tensor], c: Tensor) -> List[Tensor]:
    norm = (self).clip(gd, gp, float(c[0]), float(c[1]), )
    if bool(torch.isfinite(norm)):
      (self).descend(d, gd, md, float(c[2]), float(c[3]), )
      (self).descend(p, gp, mp, float(c[2]), float(c[3]), )
    torch._foreach_zero_(gd)
    torch._foreach_zero_(gp)
    return [norm]
  def descend(self: __torch__.Optimizer, p: List[Tensor], g: List[Tensor], m: List[Tensor], rate: float, momentum: float) -> None:
    torch._foreach_mul_(m, momentum)
    torch._foreach_add_(m, g)
    torch._foreach_add_(p, m, alpha=-rate)
  def clip(self: __torch__.Optimizer, gd: List[Tensor], gp: List[Tensor], scale: float, limit: float) -> Tensor:
    norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(torch.add(gd, gp)))) * scale
    factor = torch.full([], scale)
    if limit > 0.:
      factor = torch.clamp(torch.reciprocal(norm + 1.0e-6) * limit, None, 1.) * scale
    torch._foreach_mul_(gd, factor)
    torch._foreach_mul_(gp, factor)
    return norm
  def zero(self: __torch__.Optimizer, gd: List[Tensor], gp: List[Tensor]) -> List[Tensor]:
    torch._foreach_zero_(gd)
    torch._foreach_zero_(gp)
    return annotate(List[Tensor], [])
