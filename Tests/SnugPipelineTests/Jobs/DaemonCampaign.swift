// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugLedger
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// A folder of its own for daemons that are killed, the servers that they talk to, and the accounts at the end.
final class DaemonCampaign: Sendable {
    static let names = ["fit", "upload", "pollinations", "openai"]

    let folder: TemporaryFolder
    let simulator: Simulator
    private let server: FaultServer
    /// The address of the ledger's service; `nil` for a file in the folder.
    private let service: String?
    /// Files dropped so far, by the name of their folder.
    private let dropped = Mutex<[String: Set<String>]>([:])

    init(_ simulator: Simulator, ledger service: String? = nil) throws {
        self.service = service
        folder = try TemporaryFolder()
        self.simulator = simulator
        // An account without balance is charged nothing, and a long campaign costs more than it has.
        simulator.setBalance(1_000_000, account: "paid", service: .pollinations)
        server = try .storingPuts()
        for name in Self.names {
            for place in ["inbox", "outbox"] {
                try FileSystem.makeFolders(folder.path.appending(place).appending(name))
            }
        }
    }

    /// An image that no other number has: a real one with a comment, or a drawn one.
    static func image(_ number: Int) throws -> [UInt8] {
        if number % 3 == 0 {
            let root = FilePath(#filePath).removingLastComponent().appending("../../../samples/gray-progressive.jpg")
            let bytes = try FileDescriptor.contents(of: root)
            return bytes[..<2] + JPEGBuilder.segment(0xFE, Array("number \(number)".utf8)) + bytes[2...]
        }
        var builder = PNGBuilder(width: 24 + number % 64, height: 24 + number / 64 % 64)
        builder.fill = UInt8(truncatingIfNeeded: number)
        return builder.bytes
    }

    /// - Returns: The bytes of the image.
    @discardableResult
    func drop(_ number: Int, into name: String, as file: String? = nil) throws -> Int {
        let file = file ?? "image \(number).\(number % 3 == 0 ? "jpg" : "png")"
        let image = try Self.image(number)
        try folder.write(image, to: "inbox/\(name)/\(file)")
        _ = dropped.withLock { $0[name, default: []].insert(file) }
        return image.count
    }

    /// Starts a daemon.
    func start(_ options: String...) throws -> ChildProcess {
        let program = try CommandRunner(program: "snug-daemon-worker", folder: folder.path).program
        let addresses = simulator.addresses.base
        return try ChildProcess(
            [
                program.string, folder.path.string, "upload=\(try server.address("/in/").text)",
                "pollinations=\(addresses[.pollinations] ?? "")", "openai=\(addresses[.openai] ?? "")",
            ] + (service.map { ["ledger=\($0)"] } ?? []) + options,
            environment: ["SNUG_TEST_KEY": "sk_paid", "SNUG_TEST_KEY_OPENAI": "sk-main"], folder: folder.path,
            errors: folder.path.appending("errors"))
    }

    /// The ledger of the daemons.
    private func open() async throws -> any SharedLedger {
        let place = service ?? folder.path.appending("state/ledger.sqlite").string
        return try await LedgerLocation(place, isPrivate: true).open()
    }

    /// Runs a daemon until nothing is left to do.
    func finish() async throws {
        for _ in 0..<90 {
            let process = try start("once=1")
            #expect(try await onThread { process.wait() } == 0)
            let ledger = try await open()
            let waiting = try await ledger.books().values.reduce(0) { $0 + $1.waiting }
            try await ledger.close()
            // What is left waits for a parked account.
            if waiting == 0 { return }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// Every file has one end, nothing was paid for twice, and nothing is half done or left behind.
    func check(_ comment: Comment? = nil) async throws -> LedgerBooks {
        let ledger = try await open()
        try await ledger.checkIntegrity()
        let books = try await ledger.books()
        let jobs = try await ledger.list(JobFilter(limit: 1_000_000))
        // Files of one content are one job with several names.
        var owners: [String: Job] = [:]
        for job in jobs {
            for delivery in try await ledger.deliveries(of: job.id) {
                owners["\(delivery.folder)/\(delivery.name)"] = job
            }
        }
        let files = Set(folder.files())
        for (name, inputs) in dropped.withLock({ $0 }) {
            #expect(books[name]?.areBalanced == true && books[name]?.waiting == 0, comment)
            for input in inputs {
                let job = owners["\(name)/\(PathText.encode(Array(input.utf8)))"]
                try check(input, of: name, job, files, comment)
            }
            try checkOutbox(name, inputs.count, comment)
            checkCharges(name, jobs.filter { $0.folder == name }, comment)
        }
        #expect(files.filter { $0.contains(".snug-d") } == [], comment)
        #expect(try folder.bytes(of: "errors") ?? [] == [], comment)
        try await ledger.close()
        return books.values.reduce(LedgerBooks(), +)
    }

    private func check(
        _ input: String, of name: String, _ job: Job?, _ files: Set<String>, _ comment: Comment?
    ) throws {
        let job = try #require(job, "\(name)/\(input) is lost \(comment ?? "")")
        let stem = input.split(separator: ".").dropLast().joined(separator: ".")
        let results = files.filter {
            $0.hasPrefix("outbox/\(name)/\(stem).") && !$0.hasSuffix(".json")
        }
        #expect(!files.contains("inbox/\(name)/\(input)"), comment)
        switch job.state {
        case .delivered:
            #expect(
                results.count == 1 && files.contains("done/\(name)/\(input)"), "\(input): \(results) \(comment ?? "")")
        case .failed:
            #expect(
                results.isEmpty && files.contains("failed/\(name)/\(input).error.json"), "\(input) \(comment ?? "")")
        case .held: #expect(results.isEmpty && job.reason != nil, "\(input) \(comment ?? "")")
        default: Issue.record("\(name)/\(input) is \(job.state): \(job.reason?.message ?? "") \(comment ?? "")")
        }
    }

    /// Only whole images.
    private func checkOutbox(_ name: String, _ count: Int, _ comment: Comment?) throws {
        let root = folder.path.appending("outbox").appending(name)
        let check = CompletenessCheck(root: root)
        var images = 0
        for entry in try FolderListing.names(in: root) where entry.first != UInt8(ascii: ".") {
            if String(decoding: entry, as: UTF8.self).hasSuffix(".json") { continue }
            images += 1
            let path = RelativePath(bytes: entry)
            let version = FileVersion(try FileIdentity(of: path.path(below: root), followsLinks: false))
            #expect(check(ScannedFile(path: path, version: version)) == .complete, "\(path) \(comment ?? "")")
        }
        #expect(images <= count, comment)
    }

    private func checkCharges(_ name: String, _ jobs: [Job], _ comment: Comment?) {
        let services: [String: ServiceName] = ["pollinations": .pollinations, "openai": .openai]
        guard let service = services[name] else { return }
        let charges = simulator.ledger.charges.count { $0.service == service }
        let delivered = jobs.count { $0.state == .delivered }
        let unclear = jobs.count { $0.state == .held || $0.state == .failed }
        #expect(
            charges >= delivered && charges <= delivered + unclear,
            "\(name): \(charges) charges, \(delivered) delivered, \(unclear) unclear \(comment ?? "")")
        #expect(simulator.ledger.duplicates.isEmpty, comment)
    }
}

extension FaultServer {
    /// Stores what is put, by its length, and tells the length of what it has.
    static func storingPuts(_ onPut: @escaping @Sendable (String) -> Void = { _ in }) throws -> FaultServer {
        let stored = Mutex<[String: Int]>([:])
        return try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                guard request.method == "PUT" else {
                    let count = stored.withLock { $0[request.target] }
                    try connection.respond(count == nil ? 404 : 200, ["Content-Length": "\(count ?? 0)"])
                    continue
                }
                stored.withLock { $0[request.target] = request.body.count }
                onPut(request.target)
                try connection.respond(201)
            }
        }
    }
}
