# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of each back end, as its options.py has them. PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kernel:
    description: Options of the back end V(kernel).
    type: dict
    default: {}
    suboptions:
      record:
        description:
          - File on the host where the back end writes down what it made, before the first change and after the last.
          - Keep it where a reboot removes it, as the reboot removes what is written in it.
        type: path
        default: /run/l3host.source_ip.kernel.json
      purge:
        description:
          - Whether to remove every route of our protocol number that the intent does not name, also those that
            O(kernel.record) does not know, in the tables that the intent and O(kernel.purge_tables) name.
        type: bool
        default: false
      purge_tables:
        description: Further tables that O(kernel.purge) looks at. With none at all it is V(main).
        type: list
        elements: str
        default: []
      force:
        description:
          - Whether policies may change routes that a daemon owns, and connected routes. Their owner may put its own
            back at any time.
        type: bool
        default: false
      missing:
        description: What to do when a policy selects no route. V(ignore), because the route may come later.
        type: str
        choices: [fail, ignore]
        default: ignore
      dead:
        description:
          - What to do with a route that gets a source while one of its next hops is dead, that is, its device is down
            or no subnet holds its gateway any more. As long as that is so the kernel takes no change of such a route.
          - With V(ignore) it is left as it is, with a warning, and all others get theirs.
        type: str
        choices: [fail, ignore]
        default: fail
      wait:
        description: For how many seconds to wait for the duplicate detection of IPv6 addresses.
        type: float
        default: 5
      keep:
        description:
          - Whether a service on the host keeps what the intent says while Ansible is away, at boot, and when an
            address, a link or a route has gone and comes back. It puts back what is missing and removes nothing; routes
            that a daemon owns it leaves alone, unless O(kernel.force). Policies then are for routes that come later,
            too.
          - V(false) removes the service again. Where systemd does not run, its files are written all the same, and a
            warning says how to start it.
        type: bool
        default: false
  bird:
    description: Options of the back end V(bird), BIRD 2 or 3.
    type: dict
    default: {}
    suboptions:
      mode:
        description:
          - V(edit) inserts one include and one call in each export filter concerned into O(bird.config). A filter that
            cannot be edited safely is refused, and the message prints the two lines to add.
          - V(manual) never touches O(bird.config). The operator has added the two lines; the function is kept, empty
            where the intent is, as long as he calls it.
          - V(render) writes the kernel protocols of O(bird.kernel_protocols) too, where the operator has none.
        type: str
        choices: [edit, manual, render]
        default: edit
      config:
        description: The operator's configuration.
        type: path
        default: /etc/bird/bird.conf
      include:
        description: Our file. A new one belongs to root, and O(bird.group) may read it.
        type: path
        default: /etc/bird/source_ip.conf
      socket:
        description: BIRD's control socket.
        type: path
        default: /run/bird/bird.ctl
      user:
        description: The user BIRD runs as. The new configuration is validated as this user.
        type: str
        default: bird
      group:
        description: The group that may read our file.
        type: str
        default: bird
      kernel_protocols:
        description:
          - The kernel protocols to write with O(bird.mode=render). They stay while they stand here, also when the
            intent is empty, since BIRD removes the routes of a kernel protocol that goes.
        type: list
        elements: dict
        default: []
        suboptions:
          family:
            description: The address family.
            type: str
            choices: [ipv4, ipv6]
            required: true
          table:
            description: The kernel table, by number or C(main). Default is C(main).
            type: raw
          bird_table:
            description:
              - The BIRD table. Default is V(master4) or V(master6) for the main table, else a table of our own.
              - A table that C(bird.conf) does not declare is declared.
            type: str
          metric:
            description: The metric of its routes. Default is V(32), as BIRD has it.
            type: int
          scan_time:
            description: Seconds between two looks at the kernel's table. Default is BIRD's own.
            type: int
          persist:
            description: Whether its routes stay in the kernel when BIRD ends.
            type: bool
          learn:
            description: Whether BIRD learns routes of others from the kernel.
            type: bool
          merge_paths:
            description: Whether several best routes become one with several nexthops.
            type: bool
          export:
            description: Which routes to export, by protocol. Default is V(any), all but connected ones.
            type: list
            elements: str
            choices: [any, babel, bgp, ospf, rip, static]
      tables:
        description:
          - Which BIRD table goes to which kernel table, where O(bird.config) does not tell, with O(bird.mode=manual).
        type: list
        elements: dict
        default: []
        suboptions:
          table:
            description: The kernel table, by number or C(main). Default is C(main).
            type: raw
          family:
            description: The address family.
            type: str
            choices: [ipv4, ipv6]
            required: true
          bird_table:
            description: The BIRD table.
            type: str
            required: true
      timeout:
        description:
          - Seconds after which BIRD takes a new configuration back by itself when this task does not confirm it, for
            example since the host cannot be reached any more. V(0) is never.
          - Long enough for the comparison that comes before the confirmation, O(bird.wait) seconds and some.
        type: int
        default: 0
      wait:
        description: For how many seconds the kernel may still differ after a change before that is a failure.
        type: int
        default: 5
      repair:
        description:
          - What to do when the kernel's routes have another source than BIRD exports. BIRD 3 does not write a route
            again when only its source changes, and no BIRD notices that the kernel stripped the source of an IPv6 route
            when its address went away for a moment.
          - V(lossless) loses no packet. With BIRD 2 the routes are written again in place (C(reload out)); with BIRD 3
            the source is set in the kernel, on exactly these routes.
          - V(withdraw) rejects and accepts exactly these destinations, which have no route for a moment.
          - V(restart) restarts the kernel protocols concerned. None of their routes is in the kernel for about a
            second.
          - V(report) changes nothing and fails with the routes and the commands that would repair them.
        type: str
        choices: [lossless, withdraw, restart, report]
        default: lossless
  networkd:
    description: Options of the back end V(networkd), systemd-networkd of systemd 249 or later.
    type: dict
    default: {}
    suboptions:
      folder:
        description:
          - The folder of our drop-ins. They stand in it beside the name of the C(.network) file that networkd uses for
            a device, wherever that file itself lies.
        type: path
        default: /etc/systemd/network
      record:
        description: File on the host where the back end writes down what it made.
        type: path
        default: /var/lib/l3host.source_ip/networkd.json
      wait:
        description:
          - For how many seconds the kernel may differ after a change. Then the files are put back, and the task fails.
        type: float
        default: 15
      repair:
        description:
          - What to do when the kernel has lost what the files say, such as the routes of an address that went away for
            a moment, of which networkd sees nothing.
          - V(safe) puts exactly that into the kernel, as networkd would have. No packet is lost.
          - V(report) changes nothing and fails.
        type: str
        choices: [safe, report]
        default: safe
  networkmanager:
    description: Options of the back end V(networkmanager), NetworkManager 1.42 or later.
    type: dict
    default: {}
    suboptions:
      folder:
        description:
          - The folder of NetworkManager's keyfiles. The profile that is active on a device has to lie in it, and our
            own for the loopback device is made there.
        type: path
        default: /etc/NetworkManager/system-connections
      record:
        description: File on the host where the back end writes down what it made.
        type: path
        default: /var/lib/l3host.source_ip/networkmanager.json
      wait:
        description:
          - For how many seconds the kernel may differ after a change. Then the files are put back, and the task fails.
        type: float
        default: 15
      repair:
        description:
          - What to do when the kernel has lost what the profiles say, such as the routes of an address that went away
            for a moment, which NetworkManager does not bring back.
          - V(safe) puts exactly that into the kernel, as NetworkManager would have. No packet is lost.
          - V(report) changes nothing and fails.
        type: str
        choices: [safe, report]
        default: safe
  netplan:
    description: Options of the back end V(netplan), netplan 0.106 or later.
    type: dict
    default: {}
    suboptions:
      file:
        description:
          - Our file, in one of netplan's folders. Its name has to sort behind those that define the devices.
        type: path
        default: /etc/netplan/90-l3host.source_ip.yaml
      record:
        description: File on the host where the back end writes down what it made.
        type: path
        default: /var/lib/l3host.source_ip/netplan.json
      wait:
        description:
          - For how many seconds the kernel may differ after a change. Then the files are put back, and the task fails.
        type: float
        default: 15
      repair:
        description:
          - What to do when the kernel has lost what the files say, such as the routes of an address that went away
            for a moment, which the renderer does not bring back.
          - V(safe) puts exactly that into the kernel, as the renderer would have. No packet is lost.
          - V(report) changes nothing and fails.
        type: str
        choices: [safe, report]
        default: safe
  ifupdown:
    description: Options of the back end V(ifupdown), ifupdown or ifupdown2.
    type: dict
    default: {}
    suboptions:
      hook:
        description:
          - Our script, in the folder of hooks that ifupdown runs when a device is up. Hooks with a dot in their name
            are passed over.
        type: path
        default: /etc/network/if-up.d/l3host-source_ip
      record:
        description: File on the host where the back end writes down what it made.
        type: path
        default: /var/lib/l3host.source_ip/ifupdown.json
      wait:
        description:
          - For how many seconds the kernel may differ after a change. Then the files are put back, and the task fails.
        type: float
        default: 15
      repair:
        description:
          - What to do when the kernel has lost what the hook says, such as the routes of an address that went away
            for a moment, which ifupdown does not see.
          - V(safe) puts exactly that into the kernel, as the hook would have. No packet is lost.
          - V(report) changes nothing and fails.
        type: str
        choices: [safe, report]
        default: safe
  frr:
    description: Options of the back end V(frr). The guide docs/frr.md says more.
    type: dict
    default: {}
    suboptions:
      prefix:
        description:
          - What the names of our prefix-lists and route-maps begin with. Changing it later orphans those of the old
            name.
        type: str
        default: SIP-
      tag:
        description: The tag that marks our static routes. Changing it later orphans those with the old tag.
        type: int
        default: 1330133
      conf:
        description: FRR's configuration file.
        type: path
        default: /etc/frr/frr.conf
      persist:
        description: Whether to write O(frr.conf). V(false) changes only the running FRR.
        type: bool
        default: true
      backup:
        description: Whether to keep a copy of O(frr.conf) beside it at each change.
        type: bool
        default: true
      service:
        description: The name of FRR's systemd service.
        type: str
        default: frr
      vtysh:
        description: The command C(vtysh), as a name or an absolute path.
        type: str
        default: vtysh
      repair:
        description:
          - What may be done about routes without their source, each value allowing what those before it allow.
          - V(none) only reports.
          - V(safe) does what loses no packet and no session.
          - V(routes) takes the affected static and BGP routes out for up to two seconds, or their source for six.
          - V(sessions) also clears BGP sessions and OSPF processes.
        type: str
        choices: [none, safe, routes, sessions]
        default: safe
      edit_kernel:
        description:
          - Whether O(frr.repair=safe) may set the source of a route in the kernel itself. FRR 10.2 to 10.6 does not
            give a changed source to a route that is installed.
        type: bool
        default: true
      delay:
        description:
          - Seconds to wait after a change before the kernel is asked. FRR applies a changed map after about five.
        type: float
        default: 6
      timeout:
        description: For how many seconds more to wait until all routes are right.
        type: float
        default: 15
      boot:
        description:
          - Whether to install three services, which bring addresses before FRR starts, judge and repair after it has
            started, and give back what FRR or the kernel drops while it runs. Needs systemd.
        type: bool
        default: true
      boot_wait:
        description: For how many seconds FRR's start may wait for addresses. It starts without them after that.
        type: int
        default: 30
      boot_watch:
        description: For how many seconds after its start FRR's routes are watched and repaired.
        type: int
        default: 60
"""
