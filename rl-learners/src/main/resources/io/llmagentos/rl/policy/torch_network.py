class TorchNetwork(Module):
  __parameters__ = []
  __buffers__ = []
  def activated(self: __torch__.TorchNetwork, x: Tensor, relu: bool) -> Tensor:
    if relu:
      y = torch.relu(x)
    else:
      y = torch.tanh(x)
    return y
  # x [B,D] -> [B,F]: convolutions and so many hidden layers. p: weight and bias of each layer, convolutions first. c: height, width, channels, relu after
  # convolutions, relu after linear layers; for each convolution stride, zeros left, right, above, below.
  def features(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, c: Tensor, hidden: int) -> Tensor:
    n = (self).convolutions(c, )
    convRelu = torch.gt(float(torch.select(c, 0, 3)), 0.)
    relu = torch.gt(float(torch.select(c, 0, 4)), 0.)
    h = int(torch.select(c, 0, 0))
    w = int(torch.select(c, 0, 1))
    channels = int(torch.select(c, 0, 2))
    if torch.gt(n, 0):
      pixels = torch.mul(torch.mul(h, w), channels)
      picture = torch.reshape(torch.slice(x, 1, 0, pixels), [-1, h, w, channels])
      z = torch.clone(torch.permute(picture, [0, 3, 1, 2]), memory_format=0)
      for i in range(n):
        o = torch.mul(torch.add(i, 1), 5)
        s = int(torch.select(c, 0, o))
        l = int(torch.select(c, 0, torch.add(o, 1)))
        r = int(torch.select(c, 0, torch.add(o, 2)))
        a = int(torch.select(c, 0, torch.add(o, 3)))
        b = int(torch.select(c, 0, torch.add(o, 4)))
        around = torch.constant_pad_nd(z, [l, r, a, b], 0)
        weight = p[torch.mul(i, 2)]
        bias = p[torch.add(torch.mul(i, 2), 1)]
        # Not torch.conv2d: for several rows it takes oneDNN, whose gradient of the input was wrong on an AMD EPYC (oneDNN 3.7.1, AVX2 and AVX-512 alike).
        kernel = [torch.size(weight, 2), torch.size(weight, 3)]
        z = (self).activated(torch.thnn_conv2d(around, weight, kernel, bias, [s, s], [0, 0]), convRelu, )
      joined = torch.cat([torch.flatten(z, 1), torch.slice(x, 1, pixels)], 1)
    else:
      joined = x
    v = joined
    for k in range(hidden):
      j = torch.mul(torch.add(n, k), 2)
      u = torch.linear(v, p[j], p[torch.add(j, 1)])
      v = (self).activated(u, relu, )
    return v
  def convolutions(self: __torch__.TorchNetwork, c: Tensor) -> int:
    return torch.sub(torch.floordiv(torch.size(c, 0), 5), 1)
  # The last layer.
  def heads(self: __torch__.TorchNetwork, p: List[Tensor], v: Tensor) -> Tensor:
    return torch.linear(v, p[-2], p[-1])
  # Without a memory: x [B,D] -> [B,O].
  def layers(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, c: Tensor) -> Tensor:
    linear = torch.sub(torch.floordiv(torch.len(p), 2), (self).convolutions(c, ))
    return (self).heads(p, (self).features(p, x, c, torch.sub(linear, 1), ), )
  # With a memory, whose four parameters lie before the last layer's: x [B,D] -> what it sees, [B,F].
  def seen(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, c: Tensor) -> Tensor:
    linear = torch.sub(torch.floordiv(torch.len(p), 2), (self).convolutions(c, ))
    return (self).features(p, x, c, torch.sub(linear, 3), )
  # v [B,F], state of h and c [B,H] -> the state after.
  def cell(self: __torch__.TorchNetwork, p: List[Tensor], v: Tensor, state: List[Tensor]) -> List[Tensor]:
    h, c, = torch.lstm_cell(v, state, p[-6], p[-5], p[-4], p[-3])
    return [h, c]
  # s [B,2H] -> h and c [B,H].
  def halves(self: __torch__.TorchNetwork, s: Tensor) -> List[Tensor]:
    width = torch.floordiv(torch.size(s, 1), 2)
    return [torch.clone(torch.slice(s, 1, 0, width)), torch.clone(torch.slice(s, 1, width))]
  # Copies, which lie where products find them aligned alike: the same numbers give the same bits.
  def aligned(self: __torch__.TorchNetwork, p: List[Tensor]) -> List[Tensor]:
    copies = annotate(List[Tensor], [])
    for i in range(torch.len(p)):
      _0 = torch.append(copies, torch.clone(p[i]))
    return copies
  # All rows at once.
  def together(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, c: Tensor) -> Tensor:
    return (self).layers((self).aligned(p, ), torch.clone(x), c, )
  # Row by row: products of several rows round a row as its place among them makes them.
  def apart(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, c: Tensor) -> Tensor:
    copies = (self).aligned(p, )
    parts = annotate(List[Tensor], [])
    for i in range(torch.size(x, 0)):
      row = torch.clone(torch.slice(x, 0, i, torch.add(i, 1)))
      part = (self).layers(copies, row, c, )
      _1 = torch.append(parts, part)
    return torch.cat(parts, 0)
  # One step of B episodes, row by row: x [B,D], states s [B,2H] -> outputs and the states after, [B,O+2H].
  def step(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, s: Tensor, c: Tensor) -> Tensor:
    copies = (self).aligned(p, )
    parts = annotate(List[Tensor], [])
    for i in range(torch.size(x, 0)):
      row = torch.clone(torch.slice(x, 0, i, torch.add(i, 1)))
      before = (self).halves(torch.slice(s, 0, i, torch.add(i, 1)), )
      after = (self).cell(copies, (self).seen(copies, row, c, ), before, )
      part = torch.cat([(self).heads(copies, after[0], ), after[0], after[1]], 1)
      _2 = torch.append(parts, part)
    return torch.cat(parts, 0)
  # B sequences of L steps: x [B*L,D], states before them s [B,2H], k [B*L] 0 where an episode begins and else 1 -> [B*L,O]. What is multiplied with 0 is
  # forgotten, and no gradient goes back through it.
  def unroll(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, s: Tensor, k: Tensor, c: Tensor) -> Tensor:
    copies = (self).aligned(p, )
    sequences = torch.size(s, 0)
    seen = (self).seen(copies, torch.clone(x), c, )
    steps = torch.reshape(seen, [sequences, -1, torch.size(seen, 1)])
    keep = torch.reshape(k, [sequences, -1, 1])
    state = (self).halves(s, )
    outputs = annotate(List[Tensor], [])
    for t in range(torch.size(steps, 1)):
      kept = torch.select(keep, 1, t)
      before = [torch.mul(state[0], kept), torch.mul(state[1], kept)]
      state = (self).cell(copies, torch.select(steps, 1, t), before, )
      _3 = torch.append(outputs, state[0])
    h = torch.stack(outputs, 1)
    return (self).heads(copies, torch.reshape(h, [-1, torch.size(h, 2)]), )
