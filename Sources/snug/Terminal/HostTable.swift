// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem

/// The hosts of a fleet for a person.
struct HostTable {
    /// Columns of the terminal; `nil` for text that is not cut.
    var columns: Int?

    /// A table for standard output.
    init(_ output: OutputStream = .standardOutput) { columns = JobTable(output).columns }

    /// Hosts, a line each, or some short lines each where the terminal is narrow.
    func text(of fleet: FleetHosts) -> String {
        let now = fleet.now
        if let columns, columns < 80 {
            return fleet.hosts.map { host in
                let folders = host.work.folders.isEmpty ? "" : ", \(host.work.folders.count) folders"
                let lines = [
                    "\(host.state.rawValue)  \(PrintableName.escaped(host.name))",
                    "  \(host.role.rawValue), \(host.jobs) jobs\(folders)",
                    "  for \(DurationText.rough(now.since(host.since))), seen \(DurationText.rough(now.since(host.seenAt))) ago",
                ]
                return lines.map { TerminalText.cut($0, to: columns) + "\n" }.joined()
            }.joined()
        }
        var table = TextTable(alignments: [.left, .left, .left, .right, .right, .right, .left])
        table.append(["state", "name", "runs", "jobs", "for", "seen", "folders"])
        for host in fleet.hosts {
            table.append([
                host.state.rawValue, PrintableName.escaped(host.name), host.role.rawValue, "\(host.jobs)",
                DurationText.rough(now.since(host.since)), "\(DurationText.rough(now.since(host.seenAt))) ago",
                host.work.folders.sorted().map { PrintableName.escaped($0) }.joined(separator: " "),
            ])
        }
        return table.text()
    }
}
