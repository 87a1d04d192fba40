#!/usr/bin/env python3
"""Serves Gymnasium environments to LLMAgentOS (protocol version 1, docs/environments.md).

    gymnasium_server.py --env CartPole-v1 --listen unix:/run/me/env.sock
    gymnasium_server.py --env ale_py:ALE/Pong-v5 --kwargs '{"frameskip": 4}' --listen tcp:7000 --token-file FILE
    gymnasium_server.py --env mymodule:MyEnv --connect unix:/run/me/env.sock

--env is an id for gymnasium.make, or module:Class of any class with Gymnasium's interface (its module is found in the working
directory or on PYTHONPATH). Needs gymnasium only for an id, and NumPy only if the environment uses it.

With --listen every connection has a process of its own, which is killed if it does not end when its connection does.
With --connect the process ends with its connection, at the latest 5 s after it; --reconnect begins anew.
"""

import argparse
import hmac
import importlib
import json
import math
import os
import re
import select
import signal
import socket
import stat
import struct
import sys
import threading
import time
import traceback

try:
    import numpy
except ImportError:
    numpy = None

MAGIC = b"LLMAGENV"
VERSION = 1
MAX_FRAME = 64 << 20
MAX_HELLO = 2048
MAX_ENVIRONMENTS = 4096
MAX_CONNECTIONS = 128
GREETING_SECONDS = 10
GRACE_SECONDS = 5
ERROR, HELLO, WELCOME, MAKE, SPACES, RESET, OBSERVATIONS, STEP, STEPPED, CLOSE = range(10)
LARGEST_FLOAT32 = 3.4028234663852886e38


class Refused(Exception):
    """What the other side, or the environment, did wrong; the text goes over the wire."""


class Failed(Exception):
    """The connection cannot go on; why is already written and told."""


# Spaces: what kind they are, how they are described, how their values are written and read.


def kind(space):
    names = {cls.__name__ for cls in type(space).__mro__}
    for name in ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Tuple", "Dict"):
        if name in names:
            return name
    raise Refused(f"the space {space!r} has no form in this protocol: Box, Discrete, MultiDiscrete, MultiBinary, Tuple, Dict have")


def flat(value):
    """The numbers of an array or of nested lists, row by row."""
    if hasattr(value, "ravel"):
        yield from value.ravel().tolist()
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from flat(part)
    else:
        yield value


def shape_of(space):
    shape = space.shape if space.shape is not None else ()
    return tuple(int(length) for length in (shape if isinstance(shape, (list, tuple)) else (shape,)))


def is_bytes(box):
    return "uint8" in str(getattr(box, "dtype", "float32"))


def float32(number):
    number = float(number)
    if math.isfinite(number) and abs(number) > LARGEST_FLOAT32:
        return math.copysign(math.inf, number)
    return number


def bounds(value, size):
    numbers = [float32(number) for number in flat(value)]
    numbers = numbers * size if len(numbers) == 1 else numbers
    if len(numbers) != size:
        raise Refused(f"a Box has {len(numbers)} bounds for {size} numbers")
    return struct.pack(f"<{size}f", *numbers)


def text(value):
    data = value.encode()
    return struct.pack("<H", len(data)) + data


def dict_parts(space):
    return list((space.spaces if hasattr(space, "spaces") else space).items())


def describe(space):
    name = kind(space)
    if name == "Box":
        shape = shape_of(space)
        size = math.prod(shape)
        head = struct.pack("<BB", 2 if is_bytes(space) else 1, len(shape)) + struct.pack(f"<{len(shape)}I", *shape)
        return head + bounds(space.low, size) + bounds(space.high, size)
    if name == "Discrete":
        return struct.pack("<BIi", 3, int(space.n), int(getattr(space, "start", 0)))
    if name == "MultiDiscrete":
        nvec, start = numbers_out_of(space)
        pairs = [number for pair in zip(nvec, start) for number in pair]
        return struct.pack("<BI", 4, len(nvec)) + struct.pack("<" + "Ii" * len(nvec), *pairs)
    if name == "MultiBinary":
        return struct.pack("<BI", 5, math.prod(binary_shape(space)))
    if name == "Tuple":
        return struct.pack("<BH", 6, len(space.spaces)) + b"".join(describe(part) for part in space.spaces)
    parts = dict_parts(space)
    return struct.pack("<BH", 7, len(parts)) + b"".join(text(key) + describe(part) for key, part in parts)


def numbers_out_of(space):
    nvec = [int(n) for n in flat(space.nvec)]
    start = [int(n) for n in flat(getattr(space, "start", 0))]
    return nvec, start if len(start) == len(nvec) else [start[0]] * len(nvec)


def binary_shape(space):
    n = space.n
    return tuple(int(length) for length in flat(n)) if hasattr(n, "__len__") or hasattr(n, "ravel") else (int(n),)


def array_writer(space, shape, code, dtype):
    size = math.prod(shape)
    packer = struct.Struct(f"<{size}{code}")
    array = numpy.ndarray if numpy else ()

    def write(value, out):
        if isinstance(value, array):
            if value.shape != shape:
                raise Refused(f"a value of shape {value.shape} is not one of its declared space of shape {shape}")
            if value.dtype != dtype:
                with numpy.errstate(over="ignore"):
                    value = value.astype(dtype)
            out += value.tobytes()
            return
        numbers = value if type(value) in (list, tuple) and len(shape) == 1 else list(flat(value))
        if len(numbers) != size:
            raise Refused(f"a value of {len(numbers)} numbers is not one of its declared space of shape {shape}")
        try:
            out += packer.pack(*numbers)
        except (OverflowError, struct.error, TypeError):
            out += packer.pack(*(float32(number) if code == "f" else int(number) for number in flat(numbers)))

    return write


def writer(space):
    """A function that appends a value to a bytearray."""
    name = kind(space)
    if name == "Box":
        return array_writer(space, shape_of(space), *("B", "uint8") if is_bytes(space) else ("f", "<f4"))
    if name == "MultiDiscrete":
        return array_writer(space, shape_of(space) if hasattr(space, "shape") else (len(space.nvec),), "i", "<i4")
    if name == "MultiBinary":
        return array_writer(space, binary_shape(space), "B", "uint8")
    if name == "Discrete":
        packer = struct.Struct("<i")

        def write_number(value, out):
            out += packer.pack(int(value))

        return write_number
    if name == "Tuple":
        writers = [writer(part) for part in space.spaces]

        def write_tuple(value, out):
            if len(value) != len(writers):
                raise Refused(f"a value of {len(value)} parts is not one of its declared Tuple of {len(writers)}")
            for write, part in zip(writers, value):
                write(part, out)

        return write_tuple
    named = [(key, writer(part)) for key, part in dict_parts(space)]

    def write_dict(value, out):
        for key, write in named:
            if key not in value:
                raise Refused(f"a value without '{key}' is not one of its declared Dict")
            write(value[key], out)

    return write_dict


def array_reader(shape, code, dtype, space):
    size = math.prod(shape)
    parser = struct.Struct(f"<{size}{code}")
    own = getattr(space, "dtype", None)

    def read(body, at):
        if numpy and isinstance(own, (numpy.dtype, type)):
            value = numpy.frombuffer(body, dtype, size, at).reshape(shape).astype(own)
        else:
            value = list(parser.unpack_from(body, at))
        return value, at + parser.size

    return read


def reader(space):
    """A function from a buffer and an offset to a value and the offset behind it."""
    name = kind(space)
    if name == "Box":
        return array_reader(shape_of(space), *("B", "uint8") if is_bytes(space) else ("f", "<f4"), space)
    if name == "MultiDiscrete":
        return array_reader(shape_of(space) if hasattr(space, "shape") else (len(space.nvec),), "i", "<i4", space)
    if name == "MultiBinary":
        return array_reader(binary_shape(space), "B", "uint8", space)
    if name == "Discrete":
        parser = struct.Struct("<i")
        return lambda body, at: (parser.unpack_from(body, at)[0], at + 4)
    if name == "Tuple":
        readers = [reader(part) for part in space.spaces]

        def read_tuple(body, at):
            values = []
            for read in readers:
                value, at = read(body, at)
                values.append(value)
            return tuple(values), at

        return read_tuple
    named = [(key, reader(part)) for key, part in dict_parts(space)]

    def read_dict(body, at):
        values = {}
        for key, read in named:
            values[key], at = read(body, at)
        return values, at

    return read_dict


# Frames: length (u32, of what follows), type (u8), body.


class Frames:
    def __init__(self, connection):
        self.connection = connection
        self.ahead = b""

    def send(self, frame_type, body=b""):
        self.connection.sendall(struct.pack("<IB", len(body) + 1, frame_type) + body)

    def receive(self, limit):
        """Type and body; None at the end of the connection."""
        data = self.ahead or self.connection.recv(1 << 16)
        while 0 < len(data) < 5:
            more = self.connection.recv(1 << 16)
            if not more:
                return None
            data += more
        if not data:
            return None
        length, frame_type = struct.unpack_from("<IB", data)
        if not 1 <= length <= limit:
            raise Refused(f"a frame claims {length} bytes, must be 1 to {limit}")
        end = length + 4
        if len(data) < end:
            data = bytearray(data)
            while len(data) < end:
                more = self.connection.recv(1 << 20)
                if not more:
                    return None
                data += more
        self.ahead = bytes(data[end:])
        return frame_type, memoryview(data)[5:end]

    def expect(self, frame_type, limit):
        frame = self.receive(limit)
        if frame is None:
            raise Refused("the connection ended in the greeting")
        if frame[0] == ERROR:
            raise Refused("the other side says: " + bytes(frame[1]).decode(errors="replace"))
        if frame[0] != frame_type:
            raise Refused(f"a frame of type {frame[0]} came where {frame_type} was due")
        return frame[1]


def check_magic(body):
    if len(body) < 10 or bytes(body[:8]) != MAGIC:
        raise Refused("the other side does not speak this protocol: no LLMAGENV in its first frame")
    version = struct.unpack_from("<H", body, 8)[0]
    if version != VERSION:
        raise Refused(f"the other side speaks version {version} of the protocol, this is {VERSION}")


def say_hello(frames, token):
    frames.send(HELLO, MAGIC + struct.pack("<H", VERSION) + text(token))
    check_magic(frames.expect(WELCOME, MAX_HELLO))


def answer_hello(frames, token):
    body = frames.expect(HELLO, MAX_HELLO)
    check_magic(body)
    if len(body) < 12 or len(body) != 12 + struct.unpack_from("<H", body, 10)[0]:
        raise Refused("the HELLO frame is garbled")
    if not hmac.compare_digest(bytes(body[12:]), token.encode()):
        raise Refused("wrong token: both sides need the same token file")
    frames.send(WELCOME, MAGIC + struct.pack("<H", VERSION))


# Environments.


def maker(name, kwargs):
    sys.path.insert(0, os.getcwd())
    module, colon, attribute = name.partition(":")
    if colon and not re.search(r"-v\d+$", name):
        cls = getattr(importlib.import_module(module), attribute)
        return lambda: cls(**kwargs)
    import gymnasium

    return lambda: gymnasium.make(name, **kwargs)


class Environments:
    def __init__(self, make, count, same_step):
        self.envs = []
        for _ in range(count):
            self.envs.append(make())
        self.same_step = same_step
        first = self.envs[0]
        self.spaces = describe(first.observation_space) + describe(first.action_space)
        self.write = writer(first.observation_space)
        self.read = reader(first.action_space)

    def env(self, index):
        if index >= len(self.envs):
            raise Refused(f"environment {index} does not exist, there are {len(self.envs)}")
        return self.envs[index]

    def reset(self, body):
        out = bytearray()
        (count,) = struct.unpack_from("<I", body)
        if len(body) != 4 + 13 * count:
            raise Refused(f"a RESET of {count} environments has {len(body)} bytes, must have {4 + 13 * count}")
        for k in range(count):
            index, seeded, seed = struct.unpack_from("<IBQ", body, 4 + 13 * k)
            observation, _ = self.env(index).reset(seed=seed) if seeded else self.env(index).reset()
            self.write(observation, out)
        return out

    def step(self, body):
        out = bytearray()
        (count,) = struct.unpack_from("<I", body)
        at = 4
        write, read, pack, unpack = self.write, self.read, STEPPED_HEAD.pack, INDEX.unpack_from
        for _ in range(count):
            env = self.env(unpack(body, at)[0])
            action, at = read(body, at + 4)
            observation, reward, terminated, truncated, _ = env.step(action)
            done = (1 if terminated else 0) | (2 if truncated else 0)
            out += pack(reward, done)
            write(observation, out)
            if done and self.same_step:
                write(env.reset()[0], out)
        if at != len(body):
            raise Refused(f"a STEP of {count} environments has {len(body)} bytes, must have {at}")
        return out

    def close(self):
        for env in self.envs:
            if hasattr(env, "close"):
                env.close()


STEPPED_HEAD = struct.Struct("<dB")
INDEX = struct.Struct("<I")


def serve(frames, make):
    """Until CLOSE, the end of the connection, or an error, which is reported. True after CLOSE."""
    envs = None
    try:
        while True:
            frame = frames.receive(MAX_FRAME)
            if frame is None:
                return False
            frame_type, body = frame
            if frame_type == STEP and envs:
                frames.send(STEPPED, envs.step(body))
            elif frame_type == RESET and envs:
                frames.send(OBSERVATIONS, envs.reset(body))
            elif frame_type == MAKE and not envs:
                count, same_step = struct.unpack("<IB", body)
                if not 1 <= count <= MAX_ENVIRONMENTS:
                    raise Refused(f"{count} environments, must be 1 to {MAX_ENVIRONMENTS}")
                envs = Environments(make(), count, same_step == 1)
                frames.send(SPACES, envs.spaces)
            elif frame_type == CLOSE:
                return True
            else:
                raise Refused(f"a frame of type {frame_type} came where none of that type was due")
    except (BrokenPipeError, ConnectionResetError):
        return False
    except Exception as error:
        fail(frames, error)
    finally:
        if envs:
            envs.close()


def fail(frames, error):
    """Writes and tells what went wrong."""
    if isinstance(error, Refused):
        said = str(error)
        print(said, file=sys.stderr, flush=True)
    else:
        said = f"{type(error).__name__}: {error}"
        traceback.print_exception(error)
        sys.stderr.flush()
    try:
        frames.send(ERROR, said.encode()[: 60 << 10])
    except OSError:
        pass
    raise Failed from error


# Sockets.


def parse(address):
    if address.startswith("unix:") and len(address) > 5:
        return socket.AF_UNIX, address[5:]
    match = re.fullmatch(r"tcp:(?:(.+):)?(\d{1,5})", address)
    if not match:
        sys.exit(f"the address {address} must be unix:PATH, tcp:PORT or tcp:HOST:PORT")
    host, port = match.group(1) or "127.0.0.1", int(match.group(2))
    family = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0][0]
    return family, (host.strip("[]"), port)


def prepare(connection, family):
    if family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def clear(path):
    """Makes sure that nobody else can change the socket's directory and that nobody listens there; removes a file left behind."""
    directory = os.path.dirname(os.path.abspath(path))
    mode = os.stat(directory).st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        sys.exit(f"the directory {directory} has mode {stat.filemode(mode)}: nobody but its owner may write to a directory with such a socket")
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            sys.exit(f"{path} is there and is no socket")
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
        sys.exit(f"{path} is in use")
    except FileNotFoundError:
        pass
    except ConnectionRefusedError:
        os.unlink(path)


def listen(address):
    family, where = parse(address)
    listener = socket.socket(family)
    if family == socket.AF_UNIX:
        clear(where)
        before = os.umask(0o177)
        listener.bind(where)
        os.umask(before)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
    listener.listen(64)
    return family, listener


def hang_up(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was faster


def answer(connection, token, make):
    """The life of one connection, in a process of its own."""
    frames = Frames(connection)
    connection.settimeout(GREETING_SECONDS)
    try:
        answer_hello(frames, token)
    except Exception as error:
        fail(frames, error)
    connection.settimeout(None)
    serve(frames, make)


def serve_at(address, token, make):
    family, listener = listen(address)
    print(f"serving at {address}", file=sys.stderr, flush=True)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    children = {}  # by the pipe that says when the child is gone: process id, connection

    def stop(*_):
        if family == socket.AF_UNIX:
            os.unlink(parse(address)[1])
        for process, _ in children.values():
            os.kill(process, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    left = {}  # pipes of those whose peer has left: when they are killed
    while True:
        for fd, _ in poll.poll(1000 if left else None):
            if fd == listener.fileno():
                connection, _ = listener.accept()
                prepare(connection, family)
                if len(children) >= MAX_CONNECTIONS:
                    connection.close()
                    continue
                here, there = os.pipe()
                process = os.fork()
                if process == 0:
                    signal.signal(signal.SIGTERM, signal.SIG_DFL)
                    signal.signal(signal.SIGINT, signal.SIG_DFL)
                    listener.close()
                    for other_pipe, (_, other) in children.items():
                        os.close(other_pipe)
                        other.close()
                    status = 1
                    try:
                        answer(connection, token, make)
                        status = 0
                    except Failed:
                        pass
                    except Exception:
                        traceback.print_exc()
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(status)
                os.close(there)
                children[here] = (process, connection)
                poll.register(here, 0)
                poll.register(connection, select.POLLRDHUP if hasattr(select, "POLLRDHUP") else 0)
            elif fd in children:
                process, connection = children.pop(fd)
                left.pop(fd, None)
                poll.unregister(fd)
                try:
                    poll.unregister(connection)
                except KeyError:
                    pass
                os.close(fd)
                connection.close()
                os.waitpid(process, 0)
            else:
                for pipe, (_, connection) in children.items():
                    if connection.fileno() == fd:
                        left[pipe] = time.monotonic() + GRACE_SECONDS
                        poll.unregister(fd)
                        break
        for pipe, when in list(left.items()):
            if time.monotonic() >= when:
                os.kill(children[pipe][0], signal.SIGKILL)


def watch(connection, over, again):
    """Ends the process, or begins it anew, if the other side has left and the environment does not notice."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP if hasattr(select, "POLLRDHUP") else 0)
    poll.poll()
    if over.wait(GRACE_SECONDS):
        return
    print("the other side has left and the environment hangs", file=sys.stderr, flush=True)
    if again:
        os.execv(sys.executable, [sys.executable, *sys.argv])
    os._exit(1)


def connect_to(address, token, make, timeout, reconnect):
    family, where = parse(address)
    while True:
        deadline = time.monotonic() + timeout
        while True:
            connection = socket.socket(family)
            connection.settimeout(GREETING_SECONDS)
            try:
                connection.connect(where)
                break
            except OSError as error:
                connection.close()
                if time.monotonic() >= deadline:
                    sys.exit(f"cannot connect to {address}: {error}")
                time.sleep(0.05)
        prepare(connection, family)
        frames = Frames(connection)
        try:
            connection.settimeout(timeout if reconnect else GREETING_SECONDS)
            say_hello(frames, token)
            connection.settimeout(None)
            over = threading.Event()
            threading.Thread(target=watch, args=(connection, over, reconnect), daemon=True).start()
            try:
                if serve(frames, make):
                    return
            finally:
                over.set()
                hang_up(connection)
        except (Refused, OSError) as error:
            if not reconnect:
                sys.exit(str(error))
            print(error, file=sys.stderr, flush=True)
        except Failed:
            if not reconnect:
                sys.exit(1)
        finally:
            connection.close()
        if not reconnect:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", required=True, help="an id for gymnasium.make, or module:Class")
    parser.add_argument("--kwargs", default="{}", type=json.loads, help="JSON object of options for the environment")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--listen", metavar="ADDRESS", help="unix:PATH, tcp:PORT (loopback) or tcp:HOST:PORT")
    way.add_argument("--connect", metavar="ADDRESS")
    parser.add_argument("--token-file", help="16 to 1024 characters that both sides know; needed for tcp")
    parser.add_argument("--connect-timeout", type=float, default=60, metavar="SECONDS", help="for --connect, to be heard")
    parser.add_argument("--reconnect", action="store_true", help="with --connect: connect again when a connection ends without CLOSE")
    options = parser.parse_args()
    token = ""
    if options.token_file:
        with open(options.token_file, encoding="utf-8") as file:
            token = file.read().strip()
    address = options.listen or options.connect
    if address.startswith("tcp:") and not 16 <= len(token) <= 1024:
        sys.exit(f"{address} needs a --token-file with 16 to 1024 characters")

    def make():
        return maker(options.env, options.kwargs)

    if options.listen:
        serve_at(address, token, make)
    else:
        connect_to(address, token, make, options.connect_timeout, options.reconnect)


if __name__ == "__main__":
    main()
