// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import OrderedCollections
import SnugPipeline
import SnugSystem

/// The work that a request asks for on an image: a fit, or the pipeline of a configured folder.
struct JobOrder: Sendable {
    /// The parameter that names a folder of the configuration, whose pipeline, servers, account and limits apply.
    static let pipeline = "pipeline"

    private let fit: FitOrder
    private let folder: WatchFolder?
    private var sidecar: Sidecar?

    /// Reads the parameters of a request.
    /// - Parameter folders: The folders of the configuration.
    /// - Throws: `unknown_parameter` with the nearest name, `invalid_parameter`.
    init(_ fields: [(name: String, value: String)], among folders: [WatchFolder]) throws(ServiceError) {
        let names = fields.filter { $0.name == Self.pipeline }.map(\.value)
        guard names.count <= 1 else { throw .repeatedParameter(Self.pipeline) }
        guard let name = names.first else {
            try Self.checkNames(fields, FitParameter.names + [Self.pipeline])
            (fit, folder) = (try FitOrder(fields), nil)
            return
        }
        guard let folder = folders.first(where: { $0.name == name }) else {
            throw Self.unknownPipeline(name, folders.map(\.name))
        }
        let rest = fields.filter { $0.name != Self.pipeline }
        let generation = folder.pipeline.contains(.generate) ? GenerationParameter.all : []
        try Self.checkNames(rest, FitParameter.names + [Self.pipeline] + generation.map(\.name))
        let isGeneration = Set(generation.map(\.name))
        let limits = rest.filter { !isGeneration.contains($0.name) }
        if let first = limits.first, !folder.pipeline.contains(.fit) {
            throw .invalidParameter(first.name, "is about a fit, and the pipeline '\(name)' has none; leave it out")
        }
        self.folder = folder
        fit = try FitOrder(limits, over: folder)
        let values = rest.filter { isGeneration.contains($0.name) }
        if !values.isEmpty { sidecar = try Self.sidecar(values, generation) }
    }

    private static func sidecar(
        _ fields: [(name: String, value: String)], _ parameters: [GenerationParameter]
    ) throws(ServiceError) -> Sidecar {
        var members: OrderedDictionary<String, JSONValue> = [:]
        for (name, value) in fields {
            guard let parameter = parameters.first(where: { $0.name == name }) else { continue }
            guard members.updateValue(try parameter.value(value), forKey: parameter.key) == nil else {
                throw .repeatedParameter(name)
            }
        }
        do throws(WatchError) { return try Sidecar(members) } catch { throw ServiceError(error) }
    }

    /// The parameters that work of this kind takes are told together.
    private static func checkNames(
        _ fields: [(name: String, value: String)], _ known: [String]
    ) throws(ServiceError) {
        let names = Set(known)
        for (name, _) in fields where !names.contains(name) { throw .unknownParameter(name, among: known) }
    }

    private static func unknownPipeline(_ name: String, _ names: [String]) -> ServiceError {
        let shown = PrintableName.escaped(String(name.prefix(64)))
        let known =
            names.isEmpty
            ? "no folder is configured here; leave the parameter out" : "known are \(names.joined(separator: ", "))"
        let hint = NearestName.of(name, among: names).map { "did you mean '\($0)'?" } ?? known
        return .invalidParameter(pipeline, "'\(shown)' is the name of no folder of the configuration; \(hint)")
    }

    /// An image with these options, for the daemon.
    func submission(_ content: Submission.Content, named name: OutputFileName) -> Submission {
        var submission = Submission(
            name: name.whole, content: content, limits: fit.limits, policy: fit.policy,
            hasTarget: fit.target != nil || folder?.hasTarget == true)
        submission.base = folder
        submission.sidecar = sidecar
        return submission
    }
}

extension ServerJobs {
    /// The work that parameters ask for, checked as far as it can be without the image.
    /// - Throws: `unknown_parameter`, `invalid_parameter`.
    func order(_ fields: [(name: String, value: String)]) throws(ServiceError) -> JobOrder {
        let order = try JobOrder(fields, among: daemon.configuredFolders)
        let sample = order.submission(.bytes([]), named: OutputFileName(nil))
        do throws(WatchError) { try daemon.check(sample) } catch { throw ServiceError(error) }
        return order
    }
}

extension ServiceError {
    /// Options of a job that its pipeline does not take.
    init(_ error: WatchError) {
        let message = String(error.message.trimmingPrefix(Sidecar.introduction))
        self.init(.badRequest, "invalid_parameter", message)
    }
}
