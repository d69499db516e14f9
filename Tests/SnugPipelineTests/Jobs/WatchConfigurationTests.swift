// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite struct WatchConfigurationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["in", "in/sub", "out"] { try FileSystem.makeFolders(folder.path.appending(name)) }
    }

    private func configuration(_ change: (inout WatchConfiguration) -> Void = { _ in })
        -> WatchConfiguration
    {
        var configuration = WatchConfiguration(
            stateDirectory: folder.path.appending("state"),
            folders: [
                WatchFolder(inbox: folder.path.appending("in"), outbox: folder.path.appending("out"))
            ])
        change(&configuration)
        return configuration
    }

    private func code(_ configuration: WatchConfiguration) -> DaemonError? {
        do throws(DaemonError) {
            try configuration.validate()
            return nil
        } catch { return error }
    }

    @Test("The defaults of a folder are valid, with done and failed beside the inbox")
    func defaults() {
        let configuration = configuration()
        #expect(code(configuration) == nil)
        #expect(configuration.folders[0].doneFolder == folder.path.appending("done"))
        #expect(configuration.folders[0].failedFolder == folder.path.appending("failed"))
        #expect(configuration.folders[0].name == "in")
    }

    @Test("Outputs inside a watched folder, and folders that feed each other, are refused")
    func overlaps() {
        let inside = folder.path.appending("in/sub")
        #expect(code(configuration { $0.folders[0].outbox = inside })?.code == .foldersOverlap)
        #expect(code(configuration { $0.folders[0].doneFolder = inside })?.code == .foldersOverlap)
        #expect(code(configuration { $0.folders[0].failedFolder = inside })?.code == .foldersOverlap)
        #expect(code(configuration { $0.stateDirectory = inside })?.code == .foldersOverlap)
        let other = WatchFolder(
            inbox: folder.path.appending("out"), outbox: folder.path.appending("x"), name: "other")
        #expect(code(configuration { $0.folders.append(other) })?.code == .foldersOverlap)
        let nested = WatchFolder(inbox: inside, outbox: folder.path.appending("x"), name: "nested")
        #expect(code(configuration { $0.folders.append(nested) })?.code == .foldersOverlap)
    }

    @Test("What is missing or contradicts itself is named, with the remedy")
    func invalid() throws {
        #expect(code(configuration { $0.folders = [] })?.code == .invalidConfiguration)
        #expect(
            code(configuration { $0.folders.append($0.folders[0]) })?.message.contains("'in'") == true)
        #expect(code(configuration { $0.workers.fits = 0 })?.code == .invalidConfiguration)
        #expect(
            code(configuration { $0.folders[0].settleTime = .seconds(-1) })?.code == .invalidConfiguration
        )
        let uploading = try #require(Pipeline("upload"))
        #expect(
            code(configuration { $0.folders[0].pipeline = uploading })?.message.contains("server") == true
        )
        let error = code(
            configuration {
                $0.folders[0].pipeline = Pipeline([.generate]) ?? .fit
                $0.folders[0].generation = GenerationSettings(account: "mein", prompt: "p")
                $0.accounts = [Account(name: "main", provider: .openai)]
            })
        #expect(error?.message.contains("did you mean 'main'?") == true, "\(error?.message ?? "")")
    }

    @Test(
        "Pipelines are stages in their order",
        arguments: [
            ("fit", true), ("fit,upload", true), ("fit, upload, generate", true), ("generate", true),
            ("upload,fit", false),
            ("", false), ("fit,fit", false), ("fit,paint", false),
        ])
    func pipelines(text: String, isValid: Bool) { #expect((Pipeline(text) != nil) == isValid) }

    @Test(
        "A secret is read from its place, without the space around it, and is missed by the name of that"
    )
    func secrets() throws {
        let file = try folder.write(Array("  key one \nsecond\n".utf8), to: "key")
        #expect(try SecretReference.file(file).read().reveal() == "key one")
        let error = #expect(throws: DaemonError.self) {
            try SecretReference.environment("SNUG_NO_SUCH_KEY").read()
        }
        #expect(error?.code == .secretMissing && error?.message.contains("SNUG_NO_SUCH_KEY") == true)
    }
}
