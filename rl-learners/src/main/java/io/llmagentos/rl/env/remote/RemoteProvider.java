package io.llmagentos.rl.env.remote;

import io.llmagentos.rl.env.Env;
import io.llmagentos.rl.env.registration.EnvFactory;
import io.llmagentos.rl.env.registration.EnvProvider;
import io.llmagentos.rl.env.registration.EnvSpec;
import io.llmagentos.rl.env.registration.Kwargs;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** {@code Remote-v0}: environments in another process. The environments of one vector share a process and step in one round trip. */
public final class RemoteProvider implements EnvProvider {
  private static final class Factory implements EnvFactory {
    @Override
    public Env<?, ?> make(Kwargs kwargs) {
      return make(kwargs, 1).getFirst();
    }

    @Override
    public List<? extends Env<?, ?>> make(Kwargs kwargs, int environments) {
      return RemoteBatch.open(RemoteSettings.of(kwargs), environments).environments();
    }

    /** Its spaces are known once its process runs. */
    @Override
    public Optional<Env<?, ?>> preview(Kwargs kwargs) {
      RemoteSettings.of(kwargs);
      return Optional.empty();
    }
  }

  @Override
  public Collection<EnvSpec> environments() {
    return List.of(new EnvSpec("Remote-v0", new Factory()));
  }
}
