function g = gammaBound(terms, sums)
%GAMMABOUND  Bound of the rounding error of a sum of products in single precision.
%
%   G = CIFARX.INTERNAL.TRUTH.GAMMABOUND(TERMS, SUMS) is the factor by which a sum of TERMS
%   products can differ from the exact one, relative to the sum of their absolute values, in any
%   order of summation, with or without fused multiply-add. It is the smaller of
%
%      TERMS * u / (1 - TERMS * u),   u = 2^-24, which always holds, and
%      exp(lambda * sqrt(TERMS) * u + TERMS * u^2 / (1 - u)) - 1,
%
%   which holds if rounding errors behave as independent (Higham and Mary, A New Approach to
%   Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41, 2019, theorem 2.4). One sum
%   exceeds the second with a probability of at most
%   2 * TERMS * exp(-lambda^2 * (1 - u)^2 / 2). lambda, about 8, is chosen so that one of SUMS sums
%   (default 1) exceeds it once in a million cases.

if nargin < 2
    sums = 1;
end
u = 2^-24;
lambda = sqrt(2 * log(2 * terms * sums * 1e6)) / (1 - u);
g = min(terms * u / (1 - terms * u), expm1(lambda * sqrt(terms) * u + terms * u^2 / (1 - u)));
end
