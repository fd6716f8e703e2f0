"""The VAE: its shapes, its randomness, its loss and its refusals."""

import numpy as np
import pytest

import tinyae as ta
from tests.models.vae_cases import convolutional, dense
from tinyae.backend import fixed_seed, generator_for
from tinyae.models.vae import GaussianSampler
from tinyae.recipes import networks


def of_document_000() -> tuple[ta.VAE, np.ndarray]:
    """Part 1: 15 numbers a point, two latent dimensions; five points."""
    return networks.dense_vae([15, 10, 5], latent_dim=2), ta.data.gaussian_groups()[0][:5]


def test_two_heads_of_two_numbers_for_five_points():
    vae, x = of_document_000()
    mean, log_var = vae.encode(x)
    assert mean.shape == log_var.shape == (5, 2)
    assert not np.array_equal(mean, log_var)
    assert vae.latent_dim == 2


def test_equal_codes_are_decoded_to_equal_rows():
    vae, _ = of_document_000()
    rows = vae.decode(np.zeros((5, 2), "float32"))
    assert rows.shape == (5, 15)
    np.testing.assert_array_equal(rows, rows[[0] * 5])


def test_the_output_holds_what_went_into_the_loss():
    vae, x = of_document_000()
    output = vae(x)
    mean, log_var = vae.encode(x)
    np.testing.assert_array_equal(output.mean, mean)
    np.testing.assert_array_equal(output.log_var, log_var)
    np.testing.assert_array_equal(output.reconstruction, vae.decode(output.z))
    assert all(value.dtype == np.float32 for value in vars(output).values())


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_two_calls_draw_two_codes(mode):
    vae, x = of_document_000()
    getattr(vae, mode)()
    first, second = vae(x), vae(x)
    assert not np.isclose(first.z, second.z).any()
    np.testing.assert_array_equal(first.mean, second.mean)


def test_the_same_seed_draws_the_same_code():
    vae, x = of_document_000()
    with fixed_seed(3):
        first = vae(x).z
    with fixed_seed(3):
        np.testing.assert_array_equal(vae(x).z, first)


def test_the_loss_of_a_perfect_copy_at_the_prior_is_zero():
    """loss(x, x, 0, 0) = 0: heads that give N(0, 1), a decoder that gives x whatever z is."""
    vae, x = of_document_000()
    x = np.repeat(x[:1], 4, axis=0)
    for parameter in vae.parameters():
        parameter.value[...] = 0
    vae.decoder[-1].bias.value[...] = x[0]
    loss = vae.loss(x)
    assert loss.total == loss.reconstruction == loss.prior == 0


def test_total_is_reconstruction_plus_beta_times_prior():
    for beta in (0, 1, 2.5):
        vae, x = dense(beta=beta)
        loss = vae.loss(x)
        assert loss.prior > 0
        assert loss.total == pytest.approx(loss.reconstruction + beta * loss.prior, rel=1e-14)


def test_mse_is_the_sum_of_squares_and_bce_the_sum_of_cross_entropies():
    for reconstruction in ("mse", "bce"):
        vae, x = dense(reconstruction=reconstruction)
        with fixed_seed(5):
            copy = vae(x).reconstruction
        with fixed_seed(5):
            loss = vae.loss(x)
        squares, logs = (copy - x) ** 2, x * np.log(copy) + (1 - x) * np.log(1 - copy)
        expected = squares.sum() if reconstruction == "mse" else -logs.sum()
        assert loss.reconstruction == pytest.approx(expected, rel=1e-12)


def test_the_priors_are_what_their_formulas_say():
    values = {}
    for prior in ("kl", "em", "em-strict"):
        ta.seed(0)
        vae, x = dense(prior=prior)
        mean, log_var = vae.encode(x)
        values[prior] = vae.loss(x).prior
    variance = np.exp(log_var)
    assert values["em"] == pytest.approx((mean**2).sum() / 2)
    assert values["em-strict"] == pytest.approx((mean**2 + variance).sum() / 2)
    assert values["kl"] == pytest.approx(values["em-strict"] - (1 + log_var).sum() / 2)


def test_the_noise_has_variance_exp_of_log_var():
    """The check that document 004's bug fails: ½ log σ² without exp as the deviation."""
    log_var = np.array([-3.0, -0.5, 0.0, 1.5, 3.0])
    mean = np.array([-2.0, 0.0, 1.0, 0.5, 4.0])
    n = 40_000
    z = GaussianSampler().forward(*(np.broadcast_to(a, (n, 5)) for a in (mean, log_var)))
    deviation = np.exp(log_var / 2)
    np.testing.assert_allclose((z.mean(axis=0) - mean) / deviation, 0, atol=5 / n**0.5)
    np.testing.assert_allclose(z.var(axis=0) / deviation**2, 1, atol=5 * (2 / n) ** 0.5)
    assert abs(np.corrcoef(z.T) - np.eye(5)).max() < 5 / n**0.5  # a draw of its own for each


def test_the_analytic_kl_is_what_monte_carlo_finds():
    """KL = E[log q(z) − log p(z)] over samples z of q, drawn by the model's own sampler."""
    mean, log_var = np.array([[0.3, -1.2, 2.0]]), np.array([[-1.0, 0.4, 0.9]])
    analytic, _, _ = ta.gaussian_kl(mean, log_var)
    z = GaussianSampler().forward(*(np.repeat(a, 200_000, axis=0) for a in (mean, log_var)))
    log_q = -0.5 * ((z - mean) ** 2 / np.exp(log_var) + log_var)  # both without ½ log 2π
    log_p = -0.5 * z**2
    draws = (log_q - log_p).sum(axis=1)
    standard_error = draws.std() / len(draws) ** 0.5
    assert standard_error < 0.01
    assert draws.mean() == pytest.approx(analytic, abs=4 * standard_error)


def test_reconstruct_decodes_the_mean_and_draws_nothing():
    vae, x = convolutional()
    vae.eval()
    first = vae.reconstruct(x)
    np.testing.assert_array_equal(vae.reconstruct(x), first)
    np.testing.assert_array_equal(first, vae.decode(vae.encode(x)[0]))
    vae.train()
    assert not np.array_equal(vae.reconstruct(x), vae.reconstruct(x))  # dropout


def test_sample_decodes_draws_of_the_prior():
    decoder = ta.Linear(3, 3)
    decoder.weight.value[...], decoder.bias.value[...] = np.eye(3), 0
    vae = ta.VAE(ta.Linear(3, 4), ta.Linear(4, 3), ta.Linear(4, 3), decoder)
    n = 20_000
    samples = vae.sample(n)
    assert samples.shape == (n, 3)
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples.mean(axis=0), 0, atol=5 / n**0.5)
    np.testing.assert_allclose(np.cov(samples.T), np.eye(3), atol=5 * (2 / n) ** 0.5)
    ta.seed(8)
    first = vae.sample(4)
    ta.seed(8)
    np.testing.assert_array_equal(vae.sample(4), first)


def test_sampling_follows_the_type_of_the_weights():
    vae, x = dense()
    with fixed_seed(2):
        samples = vae.sample(2)
    with fixed_seed(2):
        z = generator_for(x).standard_normal((2, 3), dtype="float64")
    assert samples.dtype == np.float64
    np.testing.assert_array_equal(samples, vae.decode(z))


def test_a_flat_decoder_may_reconstruct_images():
    images = np.random.default_rng(0).random((3, 1, 4, 4), dtype="float32")
    trunk = ta.Sequential(ta.Flatten(), ta.Linear(16, 5))
    vae = ta.VAE(trunk, ta.Linear(5, 2), ta.Linear(5, 2), ta.Linear(2, 16))
    with fixed_seed(1):
        copy = vae(images).reconstruction
    with fixed_seed(1):
        loss = vae.loss(images)
    assert copy.shape == (3, 16)
    assert loss.reconstruction == pytest.approx(((copy - images.reshape(3, 16)) ** 2).sum())
    assert vae.backward().shape == images.shape


def test_heads_without_a_bias_know_their_latent_dim():
    heads = ta.Linear(5, 3, bias=False), ta.Linear(5, 3, bias=False)
    vae = ta.VAE(ta.Linear(6, 5), *heads, ta.Linear(3, 6))
    assert vae.latent_dim == 3
    assert vae.sample(4).shape == (4, 6)


def test_state_dict_is_keyed_by_the_four_parts():
    vae, _ = of_document_000()
    assert list(vae.state_dict()) == [
        *("trunk.0.weight", "trunk.0.bias", "trunk.2.weight", "trunk.2.bias"),
        *("mean.weight", "mean.bias", "log_var.weight", "log_var.bias"),
        *("decoder.0.weight", "decoder.0.bias", "decoder.2.weight", "decoder.2.bias"),
        *("decoder.4.weight", "decoder.4.bias"),
    ]


def test_nothing_is_done_to_the_data():
    vae, x = dense()
    x.setflags(write=False)
    kept = x.copy()
    vae.loss(x)
    vae.backward()
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"reconstruction": "l1"}, "expected reconstruction .*'mse', 'bce'.* got 'l1'"),
        ({"prior": "vamp"}, "expected prior to be one of .*'kl', 'em', 'em-strict'.* got 'vamp'"),
        ({"beta": -0.5}, "expected a finite beta ≥ 0, got -0.5"),
        ({"beta": np.nan}, "expected a finite beta ≥ 0, got nan"),
        ({"beta": np.inf}, "expected a finite beta ≥ 0, got inf"),
    ],
)
def test_settings_that_are_refused(settings, words):
    with pytest.raises(ta.TinyaeError, match=f"^VAE: {words}"):
        dense(**settings)


def test_backward_before_loss_is_refused():
    vae, x = dense()
    vae(x)
    with pytest.raises(ta.TinyaeError, match="VAE: backward called before loss"):
        vae.backward()


def test_a_decoder_of_the_wrong_size_is_refused():
    vae = ta.VAE(ta.Linear(6, 5), ta.Linear(5, 2), ta.Linear(5, 2), ta.Linear(2, 7))
    words = r"^VAE: expected a decoder that gives back an input \(4, 6\), got \(4, 7\)"
    with pytest.raises(ta.TinyaeError, match=words):
        vae.loss(np.ones((4, 6), "float32"))


@pytest.mark.parametrize("width", [1, 4])  # a head of width 1 would broadcast
def test_heads_of_different_sizes_are_refused(width):
    vae = ta.VAE(ta.Linear(6, 5), ta.Linear(5, 2), ta.Linear(5, width), ta.Linear(2, 6))
    words = rf"^VAE: expected heads .* of one shape, got \(4, 2\) and \(4, {width}\)"
    with pytest.raises(ta.TinyaeError, match=words):
        vae(np.ones((4, 6), "float32"))


@pytest.mark.parametrize("n", [0, -1])
def test_a_number_of_samples_below_one_is_refused(n):
    vae, _ = dense()
    with pytest.raises(ta.TinyaeError, match=f"^VAE: expected at least one sample, got {n}"):
        vae.sample(n)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ones((4, 7)), r"Linear\(6, 5\): expected input \(N, 6\), got \(4, 7\)"),
        (np.ones((4, 6), int), "float type, got int64"),
        (np.full((4, 6), np.nan), "expected finite input, got 24 NaN"),
        (np.ones((0, 6)), "expected at least one sample"),
        ([[1.0] * 6], "expected a NumPy or CuPy array, got list"),
    ],
)
def test_input_that_does_not_fit_is_refused_by_the_trunk(x, words):
    vae, _ = dense()
    with pytest.raises(ta.TinyaeError, match=words):
        vae.loss(x)


def test_bce_refuses_data_outside_0_and_1():
    vae, x = dense(reconstruction="bce")
    with pytest.raises(ta.TinyaeError, match=r"^BCELoss: expected a target within \[0, 1\]"):
        vae.loss(255 * x)
