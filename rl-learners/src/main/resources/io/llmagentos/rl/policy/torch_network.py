class TorchNetwork(Module):
  __parameters__ = []
  __buffers__ = []
  def activated(self: __torch__.TorchNetwork, x: Tensor, relu: bool) -> Tensor:
    if relu:
      y = torch.relu(x)
    else:
      y = torch.tanh(x)
    return y
  # x [B,D] -> [B,O]. p: weight and bias of each layer, convolutions first. c: height, width, channels, relu after convolutions, relu after linear layers;
  # for each convolution stride, zeros left, right, above, below.
  def layers(self: __torch__.TorchNetwork, p: List[Tensor], x: Tensor, c: Tensor) -> Tensor:
    n = torch.sub(torch.floordiv(torch.size(c, 0), 5), 1)
    convRelu = torch.gt(float(torch.select(c, 0, 3)), 0.)
    relu = torch.gt(float(torch.select(c, 0, 4)), 0.)
    h = int(torch.select(c, 0, 0))
    w = int(torch.select(c, 0, 1))
    channels = int(torch.select(c, 0, 2))
    if torch.gt(n, 0):
      pixels = torch.mul(torch.mul(h, w), channels)
      picture = torch.reshape(torch.slice(x, 1, 0, pixels), [-1, h, w, channels])
      z = torch.contiguous(torch.permute(picture, [0, 3, 1, 2]))
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
        z = (self).activated(torch.conv2d(around, weight, bias, [s, s], [0, 0], [1, 1], 1), convRelu, )
      joined = torch.cat([torch.flatten(z, 1), torch.slice(x, 1, pixels)], 1)
    else:
      joined = x
    linear = torch.sub(torch.floordiv(torch.len(p), 2), n)
    v = joined
    for k in range(linear):
      j = torch.mul(torch.add(n, k), 2)
      u = torch.linear(v, p[j], p[torch.add(j, 1)])
      if torch.lt(k, torch.sub(linear, 1)):
        v = (self).activated(u, relu, )
      else:
        v = u
    return v
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
