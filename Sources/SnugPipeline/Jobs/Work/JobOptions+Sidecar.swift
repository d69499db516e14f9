// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugGeneration
import SnugImage
import SnugSystem
import SystemPackage

extension JobOptions {
    /// Puts a sidecar's options in place of the folder's.
    /// - Throws: `invalid_sidecar`, naming the key and its fault.
    mutating func apply(_ sidecar: Sidecar, accounts: [Account]) throws(WatchError) {
        try applyFit(sidecar)
        try applyGeneration(sidecar, accounts: accounts)
    }

    /// Checks that nothing is missing that only a sidecar could have brought.
    /// - Throws: `invalid_sidecar`.
    func checkComplete() throws(WatchError) {
        guard let generation else { return }
        if generation.prompt?.contains(where: { !$0.isWhitespace }) != true {
            throw Self.fault(
                "there is no prompt: set one for the folder, or put one beside the file, as {\"prompt\": \"…\"} in a file "
                    + "of its name with .json added")
        }
    }

    private mutating func applyFit(_ sidecar: Sidecar) throws(WatchError) {
        let hasAny =
            sidecar.profile != nil || sidecar.limit != nil || sidecar.maximumSide != nil || sidecar.strategy != nil
            || sidecar.background != nil || !sidecar.fit.isEmpty
        guard var options = fit else {
            if hasAny { throw Self.fault("the folder's pipeline does not fit, so that limits have no use") }
            return
        }
        if let name = sidecar.profile {
            guard let profile = TargetProfile.named(name) else {
                throw Self.unknown("profile", name, TargetProfile.all.map(\.name))
            }
            options = FitOptions(profile.limits, options.policy, hasTarget: true)
        }
        do throws(ImageError) {
            if let limit = sidecar.limit {
                options.byteLimit = try ByteCount(parsing: limit).bytes
                options.counting = .raw
            }
            if let colour = sidecar.background { options.policy.background = try RGBColour(parsing: colour) }
        } catch {
            throw Self.fault(error.message)
        }
        if options.byteLimit < 1 { throw Self.fault("\"limit\" is \(options.byteLimit); it has to be 1 byte or more") }
        if let side = sidecar.maximumSide {
            if side < 1 { throw Self.fault("\"max_side\" is \(side); it has to be 1 or more") }
            options.maximumSide = side
        }
        if let strategy = sidecar.strategy {
            guard let known = FitPolicy.Strategy(rawValue: strategy) else {
                throw Self.unknown("strategy", strategy, FitPolicy.Strategy.allCases.map(\.rawValue))
            }
            options.policy.strategy = known
        }
        // Where an image is generated, the format is the one of the result.
        if let format = sidecar.format, generation == nil {
            guard let known = FitPolicy.OutputFormat(rawValue: format == "jpg" ? "jpeg" : format) else {
                throw Self.unknown("format", format, FitPolicy.OutputFormat.allCases.map(\.rawValue))
            }
            options.policy.format = known
        }
        try options.apply(sidecar.fit)
        fit = options
    }

    private mutating func applyGeneration(_ sidecar: Sidecar, accounts: [Account]) throws(WatchError) {
        let hasAny =
            sidecar.prompt != nil || sidecar.negativePrompt != nil || sidecar.model != nil || sidecar.provider != nil
            || sidecar.size != nil || sidecar.count != nil || sidecar.seed != nil || sidecar.timeout != nil
            || sidecar.options != nil
        guard var order = generation else {
            if hasAny { throw Self.fault("the folder's pipeline does not generate, so that a prompt has no use") }
            return
        }
        if let provider = sidecar.provider {
            guard let account = accounts.first(where: { $0.name == provider || $0.provider.rawValue == provider })
            else {
                throw Self.unknown("provider", provider, accounts.map(\.name))
            }
            order.account = account.name
        }
        order.prompt = sidecar.prompt ?? order.prompt
        order.model = sidecar.model ?? order.model
        order.seed = sidecar.seed ?? order.seed
        order.format = sidecar.format ?? order.format
        order.timeout = sidecar.timeout ?? order.timeout
        if let size = sidecar.size {
            guard let known = ImageSize(size) else { throw Self.fault("\"size\" is no size such as 1024x1024") }
            order.size = known.description
        }
        if let count = sidecar.count {
            if count < 1 { throw Self.fault("\"n\" is \(count); it has to be 1 or more") }
            order.count = count
        }
        if let negative = sidecar.negativePrompt { order.parameters["negative_prompt"] = .text(negative) }
        for (name, value) in sidecar.options?.members ?? [:] {
            switch value {
            case .text(let text): order.parameters[name] = .text(text)
            case .integer(let number): order.parameters[name] = .integer(number)
            case .number(let number): order.parameters[name] = .number(number)
            case .flag(let flag): order.parameters[name] = .flag(flag)
            case .null, .array, .object:
                throw Self.fault("\"\(PrintableName.escaped(name))\" in \"options\" has to be text, a number or a flag")
            }
        }
        generation = order
    }

    fileprivate static func unknown(_ key: String, _ value: String, _ known: [String]) -> WatchError {
        let nearest = NearestName.of(value, among: known)
        let hint = nearest.map { "did you mean \"\($0)\"?" } ?? "known are \(known.joined(separator: ", "))"
        return fault("\"\(PrintableName.escaped(value))\" is no \(key); \(hint)")
    }

    fileprivate static func fault(_ what: String) -> WatchError {
        WatchError(.invalidSidecar, Sidecar.introduction + what)
    }
}

extension FitOptions {
    /// Puts settings in place, which are named and written as in a configuration.
    /// - Throws: `invalid_sidecar`.
    fileprivate mutating func apply(_ settings: OrderedDictionary<String, String>) throws(WatchError) {
        if settings.isEmpty { return }
        var folder = WatchFolder(inbox: "/", outbox: "/")
        (folder.limits, folder.policy) = (limits, policy)
        for (key, text) in settings {
            do throws(SettingFault) { try FitSettings.apply(key, text, to: &folder) } catch {
                throw JobOptions.fault("\"\(key)\": \(error.message)")
            }
        }
        let formats = formats
        self = FitOptions(folder.limits, folder.policy, hasTarget: hasTarget ?? true)
        self.formats = formats
    }
}
