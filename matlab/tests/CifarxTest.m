classdef CifarxTest < matlab.unittest.TestCase
    %CIFARXTEST  The test functions of this folder for MATLAB's own test runner.
    %
    %   RUNTESTS('CifarxTest') runs them, each as one parameterised test.
    %
    %   See also runCifarxTests.

    properties (TestParameter)
        name = testNames()
    end

    methods (TestClassSetup)

        function addToolbox(testCase)
            here = fileparts(mfilename('fullpath'));
            toolbox = fullfile(fileparts(here), 'toolbox');
            testCase.applyFixture(matlab.unittest.fixtures.PathFixture({here, toolbox}));
        end

    end

    methods (Test)

        function passes(testCase, name)
            test = str2func(name);
            try
                test();
            catch reason
                testCase.assumeNotEqual(reason.identifier, 'cifarx:test:skipped', reason.message);
                rethrow(reason);
            end
        end

    end
end
