class Decoder(Module):
  __parameters__ = []
  __buffers__ = []
  # Llama: RMSNorm, RoPE (half-split), causal attention, SwiGLU, tied embeddings.
  # w: embedding [V,D], per layer qkv [3D,D], out [D,D], gate and up [2F,D], down [D,F]; n: norms [D], two per layer (before attention, before the MLP) and the last.
  # ids [B,T]; cosine, sine [>=T,D/H]; returns [B,T,D]. With half, matrix products run in bfloat16, the residual stays float32.
  def hidden(self: __torch__.Decoder, w: List[Tensor], n: List[Tensor], ids: Tensor, cosine: Tensor, sine: Tensor, heads: int, eps: float, dropout: float, half: bool) -> Tensor:
    train = torch.gt(dropout, 0.)
    if half:
      dtype = 15
    else:
      dtype = 6
    b = torch.size(ids, 0)
    t = torch.size(ids, 1)
    d = torch.size(w[0], 1)
    hd = torch.floordiv(d, heads)
    cos = torch.to(torch.slice(cosine, 0, 0, t), dtype)
    sin = torch.to(torch.slice(sine, 0, 0, t), dtype)
    mask = torch.triu(torch.full([t, t], -1.0e9), 1)
    layers = torch.floordiv(torch.len(w), 4)
    x0 = torch.dropout(torch.embedding(w[0], ids), dropout, train)
    x = x0
    for layer in range(layers):
      o = torch.mul(layer, 4)
      h = torch.to(torch.rms_norm(x, [d], n[torch.mul(layer, 2)], eps), dtype)
      qkv = torch.permute(torch.view(torch.linear(h, torch.to(w[torch.add(o, 1)], dtype)), [b, t, 3, heads, hd]), [2, 0, 3, 1, 4])
      qk = torch.slice(qkv, 0, 0, 2)
      half_hd = torch.floordiv(hd, 2)
      turned = torch.cat([torch.neg(torch.slice(qk, 4, half_hd, hd)), torch.slice(qk, 4, 0, half_hd)], 4)
      rotated = torch.add(torch.mul(qk, cos), torch.mul(turned, sin))
      q = torch.mul(torch.select(rotated, 0, 0), torch.pow(float(hd), -0.5))
      k = torch.select(rotated, 0, 1)
      v = torch.select(qkv, 0, 2)
      scores = torch.add(torch.to(torch.matmul(q, torch.transpose(k, 2, 3)), 6), mask)
      a = torch.matmul(torch.to(torch.softmax(scores, 3), dtype), v)
      joined = torch.reshape(torch.transpose(a, 1, 2), [b, t, d])
      attended = torch.dropout(torch.linear(joined, torch.to(w[torch.add(o, 2)], dtype)), dropout, train)
      x1 = torch.add(x, torch.to(attended, 6))
      h1 = torch.to(torch.rms_norm(x1, [d], n[torch.add(torch.mul(layer, 2), 1)], eps), dtype)
      gu = torch.linear(h1, torch.to(w[torch.add(o, 3)], dtype))
      f = torch.floordiv(torch.size(gu, 2), 2)
      product = torch.mul(torch.silu(torch.slice(gu, 2, 0, f)), torch.slice(gu, 2, f, torch.mul(f, 2)))
      down = torch.dropout(torch.linear(product, torch.to(w[torch.add(o, 4)], dtype)), dropout, train)
      x = torch.add(x1, torch.to(down, 6))
    return torch.rms_norm(x, [d], n[torch.sub(torch.len(n), 1)], eps)
  # Logits [N,V] of the rows (positions in the flattened [B*T]).
  def logits(self: __torch__.Decoder, w: List[Tensor], n: List[Tensor], ids: Tensor, rows: Tensor, cosine: Tensor, sine: Tensor, heads: int, eps: float, dropout: float, half: bool) -> Tensor:
    h = (self).hidden(w, n, ids, cosine, sine, heads, eps, dropout, half, )
    picked = torch.index_select(torch.view(h, [-1, torch.size(h, 2)]), 0, rows)
    if half:
      y = torch.to(torch.linear(torch.to(picked, 15), torch.to(w[0], 15)), 6)
    else:
      y = torch.linear(picked, w[0])
    return y
  # Logits in float32 arithmetic. numbers: heads, epsilon.
  def predict(self: __torch__.Decoder, w: List[Tensor], n: List[Tensor], ids: Tensor, rows: Tensor, cosine: Tensor, sine: Tensor, numbers: Tensor) -> Tensor:
    return (self).logits(w, n, ids, rows, cosine, sine, int(torch.select(numbers, 0, 0)), float(torch.select(numbers, 0, 1)), 0., False, )
  # One step of AdamW on the weighted mean cross entropy, with the gradient's norm clipped; also moves the averaged weights. Returns (loss, norm).
  # Norms are not decayed. m, v, a, s: first and second moments, average, step counts. numbers: heads, epsilon, dropout, smoothing, rate, decay, clip, averaging.
  def step(self: __torch__.Decoder, w: List[Tensor], n: List[Tensor], mw: List[Tensor], mn: List[Tensor], vw: List[Tensor], vn: List[Tensor], aw: List[Tensor], an: List[Tensor], sw: List[Tensor], sn: List[Tensor], ids: Tensor, rows: Tensor, targets: Tensor, weights: Tensor, cosine: Tensor, sine: Tensor, numbers: Tensor) -> Tensor:
    heads = int(torch.select(numbers, 0, 0))
    eps = float(torch.select(numbers, 0, 1))
    dropout = float(torch.select(numbers, 0, 2))
    smoothing = float(torch.select(numbers, 0, 3))
    rate = float(torch.select(numbers, 0, 4))
    decay = float(torch.select(numbers, 0, 5))
    clip = float(torch.select(numbers, 0, 6))
    averaging = float(torch.select(numbers, 0, 7))
    lw = annotate(List[Tensor], [])
    ln = annotate(List[Tensor], [])
    for i in range(torch.len(w)):
      _0 = torch.append(lw, torch.requires_grad_(torch.detach(w[i])))
    for i in range(torch.len(n)):
      _1 = torch.append(ln, torch.requires_grad_(torch.detach(n[i])))
    y = (self).logits(lw, ln, ids, rows, cosine, sine, heads, eps, dropout, True, )
    each = torch.cross_entropy_loss(y, targets, None, 0, -100, smoothing)
    loss = torch.div(torch.sum(torch.mul(each, weights)), torch.sum(weights))
    found = torch.grad([loss], torch.add(lw, ln))
    gw = annotate(List[Tensor], [])
    gn = annotate(List[Tensor], [])
    for i in range(torch.len(w)):
      _2 = torch.append(gw, unchecked_cast(Tensor, found[i]))
    for i in range(torch.len(n)):
      _3 = torch.append(gn, unchecked_cast(Tensor, found[torch.add(torch.len(w), i)]))
    norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(torch.add(gw, gn))))
    scale = torch.clamp(torch.mul(torch.reciprocal(torch.add(norm, 1.0e-6)), clip), None, 1.)
    sgw = torch._foreach_mul(gw, scale)
    sgn = torch._foreach_mul(gn, scale)
    torch._foreach_add_(sw, 1)
    torch._foreach_add_(sn, 1)
    torch._fused_adamw_(w, sgw, mw, vw, annotate(List[Tensor], []), sw, lr=rate, beta1=0.9, beta2=0.98, weight_decay=decay, eps=1.0e-8, amsgrad=False, maximize=False)
    torch._fused_adamw_(n, sgn, mn, vn, annotate(List[Tensor], []), sn, lr=rate, beta1=0.9, beta2=0.98, weight_decay=0., eps=1.0e-8, amsgrad=False, maximize=False)
    torch._foreach_lerp_(aw, w, torch.sub(1., averaging))
    torch._foreach_lerp_(an, n, torch.sub(1., averaging))
    return torch.stack([torch.detach(loss), norm])
