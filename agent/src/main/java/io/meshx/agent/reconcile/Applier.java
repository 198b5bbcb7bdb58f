// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import io.meshx.agent.plan.Change;
import java.time.Duration;

/** Turns a change into the call of a port. */
final class Applier {
  private static final Duration TOKEN_VALIDITY = Duration.ofMinutes(10);
  private static final UserName ROOT = new UserName("root");

  private final HostPorts ports;

  Applier(HostPorts ports) {
    this.ports = ports;
  }

  void apply(Change change) throws HostException {
    switch (change) {
      case Change.WriteFile write -> ports.files().write(write.file());
      case Change.RemoveFile remove -> ports.files().remove(remove.path());
      case Change.DiscardToken discard -> ports.files().remove(discard.file());
      case Change.AddRoute add -> ports.routes().add(add.route());
      case Change.RemoveRoute remove -> ports.routes().remove(remove.route());
      case Change.ApplyDns apply -> ports.dns().apply(apply.view());
      case Change.ClearDns _ -> ports.dns().clear();
      case Change.StartUnit start -> ports.units().start(start.spec());
      case Change.StartSlice start -> ports.foreignUnits().startSlice(start.slice());
      case Change.StopSlice stop -> ports.foreignUnits().stopSlice(stop.slice());
      case Change.PutDropIn put -> ports.foreignUnits().putDropIn(put.unit(), put.text());
      case Change.GiveBack give -> {
        ports.foreignUnits().removeDropIn(give.unit());
        if (give.restart()) {
          ports.foreignUnits().restart(give.unit());
        }
      }
      case Change.RestartUnit restart -> ports.foreignUnits().restart(restart.unit());
      case Change.StopUnit stop -> ports.units().stop(stop.unit());
      case Change.ForgetUnit forget -> ports.units().forget(forget.unit());
      case Change.ApplyRules apply -> ports.firewall().apply(apply.rules());
      case Change.RememberRules remember -> ports.trials().begin(remember.before());
      case Change.ConfirmRules confirm -> ports.trials().confirm(confirm.wanted());
      case Change.ForgetConnections forget -> ports.connections().forget(forget.connections());
      case Change.PinFilter pin -> ports.filters().pin(pin.program());
      case Change.UnpinFilter unpin -> ports.filters().unpin(unpin.name());
      case Change.OpenPort open -> ports.inlets().open(open.opening());
      case Change.ClosePort close -> ports.inlets().close(close.opening());
      case Change.Register register -> ports.registrar().register(register.registration());
      case Change.Unregister unregister -> ports.registrar().unregister(unregister.registration());
      case Change.DeliverSvid deliver ->
          ports
              .deliveries()
              .deliver(
                  deliver.delivery(),
                  ports
                      .identities()
                      .material(deliver.key())
                      .orElseThrow(() ->
                          new HostException.FileFailed(
                              deliver.toString(), "SPIRE issues it no more", null)),
                  deliver.bundle(),
                  deliver.beforeStart());
      case Change.Enlist enlist ->
          ports.registry().enlist(enlist.resource(), enlist.workload(), enlist.says());
      case Change.SetReady set ->
          ports.registry().setReady(set.resource(), set.workload(), set.readiness());
      case Change.Withdraw withdraw ->
          ports.registry().withdraw(withdraw.resource(), withdraw.how());
      case Change.RemoveSvid remove -> ports.deliveries().remove(remove.workload());
      case Change.CreateJoinToken create -> {
        String token = ports.registrar().createJoinToken(create.alias(), TOKEN_VALIDITY);
        ports.files().write(HostFile.file(create.file(), ROOT, 0600, token));
      }
    }
  }
}
