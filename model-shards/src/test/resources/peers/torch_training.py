"""The peer of TrainingBenchmark: GPT-2 in Python's torch, as Hugging Face writes it (eager attention), same shapes, same batch.

    python3 torch_training.py [threads] [rounds]

Prints the version, the peak of matrix products, and tokens per second: median and best of interleaved rounds.
"""

import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY = 8192
STEPS = 3
SHAPES = {
    "4x256, context 128, batch 16": (4, 256, 4, 128, 16),
    "6x384, context 256, batch 8": (6, 384, 6, 256, 8),
}


class Block(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.c_fc, self.c_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("mask", torch.tril(torch.ones(context, context, dtype=torch.bool)))

    def attend(self, x):
        batch, length, width = x.shape
        q, k, v = (
            each.view(batch, length, self.heads, -1).transpose(1, 2)
            for each in self.c_attn(x).split(width, 2)
        )
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(2, 3) / (width // self.heads) ** 0.5
            scores = scores.masked_fill(~self.mask[:length, :length], float("-inf"))
            y = scores.softmax(-1).to(v.dtype) @ v
        return self.c_proj(y.transpose(1, 2).reshape(batch, length, width))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        return x + self.c_out(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    def __init__(self, layers, width, heads, context):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCABULARY, width), nn.Embedding(context, width)
        self.h = nn.ModuleList(Block(width, heads, context) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return F.cross_entropy(logits[:, :-1].float().flatten(0, 1), ids[:, 1:].flatten())


class Run:
    def __init__(self, name, shape, bfloat16):
        layers, width, heads, context, batch = shape
        self.name, self.bfloat16 = name, bfloat16
        self.model = Gpt2(layers, width, heads, context)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, foreach=True)
        self.ids = torch.randint(VOCABULARY, (batch, context))
        self.seconds = []

    def round(self):
        started = time.perf_counter()
        for _ in range(STEPS):
            with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
                loss = self.model(self.ids)
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        self.seconds.append((time.perf_counter() - started) / STEPS)


def peak(dtype):
    a, b = torch.randn(2048, 2048).to(dtype), torch.randn(2048, 2048).to(dtype)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - started)
    return 2 * 2048**3 / best / 1e9


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    print(
        f"torch {torch.__version__}, {threads} threads; products of 2048x2048: "
        f"{peak(torch.float32):.0f} GFLOP/s float32, {peak(torch.bfloat16):.0f} bfloat16"
    )
    for name, shape in SHAPES.items():
        runs = [Run("float32", shape, False), Run("bfloat16 autocast", shape, True)]
        for _ in range(rounds + 1):
            for run in runs:
                run.round()
        tokens = shape[3] * shape[4]
        for run in runs:
            measured = run.seconds[1:]
            print(
                f"{name}, {run.name}: {tokens / statistics.median(measured):.0f} tokens/s median, "
                f"{tokens / min(measured):.0f} best"
            )


main()
